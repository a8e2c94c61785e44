package kitemq.conformance;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Everything a producer does. */
final class SendScenarios {
    private static final int MESSAGE_ILLEGAL = 13;

    private SendScenarios() {
    }

    static void addTo(Map<String, Scenario> all) {
        all.put("send sync: offsets count up per queue", SendScenarios::sync);
        all.put("send async: every callback, every message once", SendScenarios::async);
        all.put("send one-way: all arrive", SendScenarios::oneway);
        all.put("send batch: one request, single messages", SendScenarios::batch);
        all.put("send to a chosen queue: order and queue are kept", SendScenarios::chosenQueue);
        all.put("send compressed body: round trip", SendScenarios::compressed);
        all.put("send properties, keys, tags: round trip", SendScenarios::properties);
        all.put("send oversize body: refused, connection stays usable", SendScenarios::oversize);
        all.put("send over TLS on the same port", SendScenarios::tls);
    }

    private static void sync(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        Map<String, SendResult> sent = Env.send(producer, topic, "m", 100);
        Map<Integer, Set<Long>> offsets = new TreeMap<>();
        Set<String> ids = new HashSet<>();
        for (SendResult result : sent.values()) {
            Check.that(ids.add(result.getMsgId()), "message id twice: %s", result);
            Check.that(result.getOffsetMsgId() != null && result.getOffsetMsgId().length() == 32, "offset message id: %s", result);
            offsets.computeIfAbsent(result.getMessageQueue().getQueueId(), q -> new HashSet<>()).add(result.getQueueOffset());
        }
        Check.equal(Set.of(0, 1, 2, 3), offsets.keySet(), "queues");
        for (Set<Long> ofQueue : offsets.values()) {
            for (long offset = 0; offset < ofQueue.size(); offset++) {
                Check.that(ofQueue.contains(offset), "no message at offset %s of %s", offset, offsets);
            }
        }
    }

    private static void async(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        int count = 500;
        CountDownLatch done = new CountDownLatch(count);
        Set<String> places = ConcurrentHashMap.newKeySet();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        for (int i = 0; i < count; i++) {
            producer.send(new Message(topic, Env.bytes("a" + i)), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    places.add(result.getMessageQueue().getQueueId() + ":" + result.getQueueOffset());
                    done.countDown();
                }

                @Override
                public void onException(Throwable e) {
                    failure.set(e);
                    done.countDown();
                }
            });
        }
        Check.that(done.await(40, TimeUnit.SECONDS), "%s callbacks never came", done.getCount());
        Check.that(failure.get() == null, "a send failed: %s", failure.get());
        Check.equal(count, places.size(), "distinct places in the queues");
    }

    private static void oneway(Env env) throws Exception {
        String topic = env.topic(2);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 100; i++) {
            producer.sendOneway(new Message(topic, Env.bytes("o" + i)));
        }
        var consumer = env.pullConsumer(Env.unique("G"));
        Check.eventually(() -> Env.stored(consumer, topic) == 100, () -> Env.stored(consumer, topic) + " of 100 stored");
    }

    private static void batch(Env env) throws Exception {
        String topic = env.topic(2);
        DefaultMQProducer producer = env.producer();
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Message message = new Message(topic, "tag" + i % 2, "key" + i, Env.bytes("b" + i));
            message.putUserProperty("index", Integer.toString(i));
            batch.add(message);
        }
        SendResult result = producer.send(batch);
        Check.equal(SendStatus.SEND_OK, result.getSendStatus(), "status");
        Check.equal(50, result.getMsgId().split(",").length, "one message id each");
        Check.equal(50, result.getOffsetMsgId().split(",").length, "one offset message id each");
        Inbox inbox = consumeAll(env, topic, Env.bodies("b", 50));
        for (MessageExt message : inbox.messages) {
            String index = message.getUserProperty("index");
            Check.equal("b" + index, Inbox.body(message), "body belongs to its properties");
            Check.equal("key" + index, message.getKeys(), "keys");
        }
    }

    private static void chosenQueue(Env env) throws Exception {
        String topic = env.topic(4);
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < 200; i++) {
            SendResult result = producer.send(new Message(topic, Env.bytes("s" + i)), (queues, message, arg) ->
                queues.stream().filter(q -> q.getQueueId() == (Integer) arg).findFirst().orElseThrow(), i % 4);
            Check.equal(i % 4, result.getMessageQueue().getQueueId(), "queue");
            Check.equal((long) (i / 4), result.getQueueOffset(), "offset");
        }
        var consumer = env.pullConsumer(Env.unique("G"));
        for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(topic)) {
            List<String> bodies = new ArrayList<>();
            long next = 0;
            while (next < 50) {
                var result = consumer.pull(queue, "*", next, 16);
                result.getMsgFoundList().forEach(m -> bodies.add(Inbox.body(m)));
                next = result.getNextBeginOffset();
            }
            List<String> expected = new ArrayList<>();
            for (int i = queue.getQueueId(); i < 200; i += 4) {
                expected.add("s" + i);
            }
            Check.equal(expected, bodies, "order of " + queue);
        }
    }

    private static void compressed(Env env) throws Exception {
        String topic = env.topic(1);
        String body = "kite ".repeat(20_000);
        env.producer().send(new Message(topic, Env.bytes(body)));
        consumeAll(env, topic, List.of(body));
    }

    private static void properties(Env env) throws Exception {
        String topic = env.topic(1);
        Message message = new Message(topic, "标签", "k1 k2", Env.bytes("内容 🪁"));
        message.putUserProperty("ключ", "значение = ; % \" \\");
        message.putUserProperty("long", "x".repeat(10_000));
        message.setFlag(0x7fffffff);
        SendResult sent = env.producer().send(message);
        MessageExt received = consumeAll(env, topic, List.of("内容 🪁")).messages.peek();
        Check.equal("标签", received.getTags(), "tags");
        Check.equal("k1 k2", received.getKeys(), "keys");
        Check.equal("значение = ; % \" \\", received.getUserProperty("ключ"), "user property");
        Check.equal("x".repeat(10_000), received.getUserProperty("long"), "long property");
        Check.equal(0x7fffffff, received.getFlag(), "flag");
        Check.equal(topic, received.getTopic(), "topic");
        Check.equal(sent.getQueueOffset(), received.getQueueOffset(), "queue offset");
        Check.equal(sent.getMsgId(), received.getMsgId(), "client message id");
        Check.equal(sent.getOffsetMsgId(), offsetId(received), "offset message id");
        long skew = Math.abs(received.getStoreTimestamp() - received.getBornTimestamp());
        Check.that(skew < 60_000, "store time is %s ms from birth", skew);
        Check.that(received.getBornHostString().startsWith("127."), "born host %s", received.getBornHost());
    }

    private static String offsetId(MessageExt message) {
        return ((org.apache.rocketmq.common.message.MessageClientExt) message).getOffsetMsgId();
    }

    private static void oversize(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.newProducer();
        producer.setMaxMessageSize(16 * 1024 * 1024);
        producer.setRetryTimesWhenSendFailed(0);
        producer.start();
        byte[] random = new byte[5 * 1024 * 1024];
        new Random(1).nextBytes(random);
        MQBrokerException refused = Check.fails(MQBrokerException.class, () -> producer.send(new Message(topic, random)));
        Check.equal(MESSAGE_ILLEGAL, refused.getResponseCode(), "response code for a 5 MiB body");
        Message fat = new Message(topic, Env.bytes("x"));
        fat.putUserProperty("fat", "y".repeat(40_000));
        MQBrokerException refused2 = Check.fails(MQBrokerException.class, () -> producer.send(fat));
        Check.equal(MESSAGE_ILLEGAL, refused2.getResponseCode(), "response code for 40 000 characters of properties");
        byte[] allowed = new byte[3 * 1024 * 1024];
        new Random(2).nextBytes(allowed);
        Check.equal(0L, producer.send(new Message(topic, allowed)).getQueueOffset(), "offset of the first message that fits");
    }

    private static void tls(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.newProducer();
        producer.setUseTLS(true);
        producer.start();
        Env.send(producer, topic, "tls", 20);
        DefaultMQPushConsumer consumer = env.pushConsumer(Env.unique("G"));
        consumer.setUseTLS(true);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        inbox.awaitExactly(Env.bodies("tls", 20));
    }

    static Inbox consumeAll(Env env, String topic, List<String> expected) throws Exception {
        DefaultMQPushConsumer consumer = env.pushConsumer(Env.unique("G"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        inbox.awaitExactly(expected);
        return inbox;
    }
}
