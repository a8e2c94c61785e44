package kitemq.conformance;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** The consumers that ask: lite pull and classic pull, and the offset queries behind them. */
final class PullScenarios {
    private PullScenarios() {
    }

    static void addTo(Map<String, Scenario> all) {
        all.put("lite pull: subscribe, commit, go on after a restart", PullScenarios::liteSubscribe);
        all.put("lite pull: assign and seek", PullScenarios::liteAssign);
        all.put("pull: found, nothing new, offset illegal, blocking", PullScenarios::classic);
        all.put("pull: tag filter moves the offset on", PullScenarios::tagFilter);
        all.put("offsets: min, max, by timestamp, stored per group", PullScenarios::offsets);
    }

    private static Inbox poll(DefaultLitePullConsumer consumer, Collection<String> expected) throws Exception {
        Inbox inbox = new Inbox();
        Check.eventually(() -> {
            consumer.poll(200).forEach(inbox::add);
            return inbox.bodies().containsAll(expected);
        }, () -> inbox.bodies().size() + " of " + expected.size() + " received");
        inbox.awaitExactly(expected);
        return inbox;
    }

    private static void liteSubscribe(Env env) throws Exception {
        String topic = env.topic(4);
        String group = Env.unique("G");
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "l", 100);
        DefaultLitePullConsumer before = env.litePullConsumer(group);
        before.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        before.setAutoCommit(false);
        before.subscribe(topic, "*");
        before.start();
        poll(before, Env.bodies("l", 100));
        before.commitSync();
        before.shutdown();
        Env.send(producer, topic, "n", 50);
        DefaultLitePullConsumer after = env.litePullConsumer(group);
        after.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        after.subscribe(topic, "*");
        after.start();
        poll(after, Env.bodies("n", 50));
    }

    private static void liteAssign(Env env) throws Exception {
        String topic = env.topic(2);
        Env.send(env.producer(), topic, "g", 40);
        DefaultLitePullConsumer consumer = env.litePullConsumer(Env.unique("G"));
        consumer.setAutoCommit(false);
        consumer.start();
        Collection<MessageQueue> queues = consumer.fetchMessageQueues(topic);
        Check.equal(2, queues.size(), "queues");
        consumer.assign(queues);
        for (MessageQueue queue : queues) {
            consumer.seek(queue, 0);
        }
        poll(consumer, Env.bodies("g", 40));
        for (MessageQueue queue : queues) {
            consumer.seek(queue, 15);
        }
        Inbox again = new Inbox();
        Check.eventually(() -> {
            consumer.poll(200).forEach(again::add);
            return again.messages.size() >= 10;
        }, () -> "after the seek " + again.messages.size() + " of 10 received");
        for (MessageExt message : again.messages) {
            Check.that(message.getQueueOffset() >= 15, "offset %s after seeking to 15", message.getQueueOffset());
        }
    }

    private static void classic(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        var consumer = env.pullConsumer(Env.unique("G"));
        Set<MessageQueue> queues = consumer.fetchSubscribeMessageQueues(topic);
        Check.equal(1, queues.size(), "queues");
        MessageQueue queue = queues.iterator().next();
        Env.send(producer, topic, "p", 40);
        PullResult found = consumer.pull(queue, "*", 0, 32);
        Check.equal(PullStatus.FOUND, found.getPullStatus(), "status at 0");
        Check.equal(32, found.getMsgFoundList().size(), "messages");
        Check.equal(32L, found.getNextBeginOffset(), "next offset");
        Check.equal(0L, found.getMinOffset(), "min offset");
        Check.equal(40L, found.getMaxOffset(), "max offset");
        Check.equal(8, consumer.pull(queue, "*", 32, 32).getMsgFoundList().size(), "rest");
        PullResult none = consumer.pull(queue, "*", 40, 32);
        Check.equal(PullStatus.NO_NEW_MSG, none.getPullStatus(), "status at the end");
        PullResult beyond = consumer.pull(queue, "*", 1000, 32);
        Check.equal(PullStatus.OFFSET_ILLEGAL, beyond.getPullStatus(), "status beyond the end");
        Check.that(beyond.getNextBeginOffset() <= 40, "next offset %s beyond the end", beyond.getNextBeginOffset());
        Thread late = new Thread(() -> {
            try {
                Thread.sleep(500);
                producer.send(new Message(topic, Env.bytes("late")));
            } catch (Exception e) {
                e.printStackTrace();
            }
        });
        late.start();
        PullResult blocked = consumer.pullBlockIfNotFound(queue, "*", 40, 32);
        late.join();
        Check.equal(PullStatus.FOUND, blocked.getPullStatus(), "status of the blocking pull");
        Check.equal("late", Inbox.body(blocked.getMsgFoundList().get(0)), "message of the blocking pull");
    }

    private static void tagFilter(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 30; i++) {
            producer.send(new Message(topic, i == 29 ? "wanted" : "other", Env.bytes("f" + i)));
        }
        var consumer = env.pullConsumer(Env.unique("G"));
        MessageQueue queue = consumer.fetchSubscribeMessageQueues(topic).iterator().next();
        List<String> found = new ArrayList<>();
        long offset = 0;
        for (int pulls = 0; offset < 30 && pulls < 50; pulls++) {
            PullResult result = consumer.pull(queue, "wanted", offset, 8);
            Check.that(result.getNextBeginOffset() > offset, "%s at %s does not move on", result, offset);
            if (result.getPullStatus() == PullStatus.FOUND) {
                result.getMsgFoundList().forEach(m -> found.add(Inbox.body(m)));
            }
            offset = result.getNextBeginOffset();
        }
        Check.equal(List.of("f29"), found, "matching messages");
    }

    private static void offsets(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        var consumer = env.pullConsumer(Env.unique("G"));
        MessageQueue queue = consumer.fetchSubscribeMessageQueues(topic).iterator().next();
        Check.equal(0L, consumer.maxOffset(queue), "max offset of an empty queue");
        long before = System.currentTimeMillis() - 10_000;
        Env.send(producer, topic, "e", 10);
        Thread.sleep(200);
        long between = System.currentTimeMillis();
        Thread.sleep(200);
        Env.send(producer, topic, "f", 10);
        Check.equal(0L, consumer.minOffset(queue), "min offset");
        Check.equal(20L, consumer.maxOffset(queue), "max offset");
        Check.equal(0L, consumer.searchOffset(queue, before), "offset of a time before all");
        Check.equal(10L, consumer.searchOffset(queue, between), "offset of a time between");
        Check.that(consumer.earliestMsgStoreTime(queue) >= before, "earliest store time %s", consumer.earliestMsgStoreTime(queue));
        // In the loop: the commit is one-way, and a broker may refuse it until it knows the group from a heartbeat.
        Check.eventually(() -> {
            consumer.updateConsumeOffset(queue, 7);
            consumer.getDefaultMQPullConsumerImpl().getOffsetStore().persist(queue);
            return consumer.fetchConsumeOffset(queue, true) == 7;
        }, () -> "stored offset " + consumer.fetchConsumeOffset(queue, true));
    }
}
