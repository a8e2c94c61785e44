package kitemq.conformance;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** The push consumer: membership, rebalance, offsets, filters, start positions. */
final class PushScenarios {
    private PushScenarios() {
    }

    static void addTo(Map<String, Scenario> all) {
        all.put("push: two members share the queues, the survivor takes over", PushScenarios::rebalance);
        all.put("push: offsets are kept over a consumer restart", PushScenarios::offsetsKept);
        all.put("push: an idle consumer gets a message at once (long polling)", PushScenarios::longPolling);
        all.put("push: tag filter", PushScenarios::tags);
        all.put("push: start from first, last and timestamp", PushScenarios::startFrom);
        all.put("push: broadcasting, every member gets all", PushScenarios::broadcasting);
        all.put("push: orderly listener sees each queue in order", PushScenarios::orderly);
        all.put("push: several topics in one consumer", PushScenarios::severalTopics);
    }

    private static DefaultMQPushConsumer first(Env env, String group, String topic, String expression) throws Exception {
        DefaultMQPushConsumer consumer = env.pushConsumer(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, expression);
        return consumer;
    }

    private static Set<MessageQueue> queues(DefaultMQPushConsumer consumer) {
        Set<MessageQueue> queues = new HashSet<>(consumer.getDefaultMQPushConsumerImpl().getRebalanceImpl().getProcessQueueTable().keySet());
        queues.removeIf(q -> q.getTopic().startsWith("%RETRY%"));
        return queues;
    }

    private static void rebalance(Env env) throws Exception {
        String topic = env.topic(8);
        String group = Env.unique("G");
        Inbox inbox = new Inbox();
        DefaultMQPushConsumer one = first(env, group, topic, "*");
        inbox.listenTo(one);
        one.start();
        DefaultMQPushConsumer two = first(env, group, topic, "*");
        inbox.listenTo(two);
        two.start();
        // Less than the 20 s after which clients look by themselves: the broker has to say that a member came.
        Check.eventually(Duration.ofSeconds(15), () -> queues(one).size() == 4 && queues(two).size() == 4,
            () -> "members have " + queues(one) + " and " + queues(two));
        Set<MessageQueue> both = queues(one);
        both.retainAll(queues(two));
        Check.that(both.isEmpty(), "both members have %s", both);
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "r", 200);
        inbox.awaitExactly(Env.bodies("r", 200));
        two.shutdown();
        Check.eventually(Duration.ofSeconds(15), () -> queues(one).size() == 8, () -> "the survivor has " + queues(one));
        Env.send(producer, topic, "s", 100);
        List<String> all = new ArrayList<>(Env.bodies("r", 200));
        all.addAll(Env.bodies("s", 100));
        inbox.awaitExactly(all);
    }

    private static void offsetsKept(Env env) throws Exception {
        String topic = env.topic(4);
        String group = Env.unique("G");
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "x", 60);
        DefaultMQPushConsumer before = first(env, group, topic, "*");
        Inbox first = new Inbox().listenTo(before);
        before.start();
        first.awaitExactly(Env.bodies("x", 60));
        before.shutdown();
        Env.send(producer, topic, "y", 60);
        DefaultMQPushConsumer after = first(env, group, topic, "*");
        Inbox second = new Inbox().listenTo(after);
        after.start();
        second.awaitExactly(Env.bodies("y", 60));
    }

    private static void longPolling(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQPushConsumer consumer = first(env, Env.unique("G"), topic, "*");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "warm", 1);
        inbox.await(Env.bodies("warm", 1));
        for (int i = 0; i < 5; i++) {
            Thread.sleep(300); // idle: the pull is held by the broker
            Env.send(producer, topic, "p" + i + "-", 1);
            String body = "p" + i + "-0";
            // A held pull lasts 15 s; 3 s tells a notified one from an expired one on a busy machine.
            Check.eventually(Duration.ofSeconds(3), () -> inbox.bodies().contains(body), () -> body + " did not arrive");
        }
    }

    private static void tags(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        List<String> expected = new ArrayList<>();
        String[] tags = {"a", "b", "c", null};
        for (int i = 0; i < 120; i++) {
            String tag = tags[i % tags.length];
            producer.send(new Message(topic, tag, Env.bytes("t" + i)));
            if ("a".equals(tag) || "c".equals(tag)) {
                expected.add("t" + i);
            }
        }
        DefaultMQPushConsumer consumer = first(env, Env.unique("G"), topic, "a || c");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        inbox.awaitExactly(expected);
        producer.send(new Message(topic, "b", Env.bytes("late b")));
        producer.send(new Message(topic, "a", Env.bytes("late a")));
        expected.add("late a");
        inbox.awaitExactly(expected);
    }

    private static void startFrom(Env env) throws Exception {
        String topic = env.topic(2);
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "old", 20);
        List<String> both = new ArrayList<>(Env.bodies("old", 20));
        both.addAll(Env.bodies("new", 20));
        List<Inbox> inboxes = new ArrayList<>();
        for (ConsumeFromWhere where : List.of(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET, ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET, ConsumeFromWhere.CONSUME_FROM_TIMESTAMP)) {
            DefaultMQPushConsumer consumer = env.pushConsumer(Env.unique("G"));
            consumer.setConsumeFromWhere(where);
            consumer.setConsumeTimestamp(DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneId.systemDefault()).format(Instant.now().minusSeconds(600)));
            consumer.subscribe(topic, "*");
            inboxes.add(new Inbox().listenTo(consumer));
            consumer.start();
        }
        Env.send(producer, topic, "new", 20);
        // Queues that still have their first message in memory start at 0 for every new group, whatever it asks for (as Apache's broker does).
        for (Inbox inbox : inboxes) {
            inbox.awaitExactly(both);
        }
    }

    private static void broadcasting(Env env) throws Exception {
        String topic = env.topic(4);
        String group = Env.unique("G");
        List<Inbox> inboxes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            DefaultMQPushConsumer consumer = first(env, group, topic, "*");
            broadcast(consumer);
            inboxes.add(new Inbox().listenTo(consumer));
            consumer.start();
        }
        Env.send(env.producer(), topic, "c", 80);
        for (Inbox inbox : inboxes) {
            inbox.awaitExactly(Env.bodies("c", 80));
        }
    }

    /** The enum lives in another package in each client version, so it is named by its type only. */
    private static void broadcast(DefaultMQPushConsumer consumer) {
        for (var model : consumer.getMessageModel().getDeclaringClass().getEnumConstants()) {
            if (model.name().equals("BROADCASTING")) {
                consumer.setMessageModel(model);
            }
        }
    }

    private static void orderly(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQPushConsumer consumer = first(env, Env.unique("G"), topic, "*");
        Inbox inbox = new Inbox();
        Map<Integer, List<Long>> seen = new ConcurrentHashMap<>();
        consumer.registerMessageListener((MessageListenerOrderly) (batch, context) -> {
            for (MessageExt message : batch) {
                seen.computeIfAbsent(message.getQueueId(), q -> new ArrayList<>()).add(message.getQueueOffset());
                inbox.add(message);
            }
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        Env.send(env.producer(), topic, "q", 200);
        inbox.awaitExactly(Env.bodies("q", 200));
        for (Map.Entry<Integer, List<Long>> queue : seen.entrySet()) {
            List<Long> sorted = new ArrayList<>(queue.getValue());
            sorted.sort(null);
            Check.equal(sorted, queue.getValue(), "order of queue " + queue.getKey());
        }
    }

    private static void severalTopics(Env env) throws Exception {
        String one = env.topic(2);
        String two = env.topic(3);
        DefaultMQPushConsumer consumer = first(env, Env.unique("G"), one, "*");
        consumer.subscribe(two, "*");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        DefaultMQProducer producer = env.producer();
        Env.send(producer, one, "one", 30);
        Env.send(producer, two, "two", 30);
        List<String> both = new ArrayList<>(Env.bodies("one", 30));
        both.addAll(Env.bodies("two", 30));
        inbox.awaitExactly(both);
    }
}
