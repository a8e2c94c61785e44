package kitemq.conformance;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * What the store test needs of an official client: `old` sends what will expire, `fill` messages of every kind, `dump` prints every message of some topics, one line
 * each, `consume` prints what a group gets. Standard output holds nothing else than these lines.
 */
public final class StoreMain {
    private static final long QUIET_MS = 3_000;

    private StoreMain() {
    }

    public static void main(String[] args) throws Exception {
        String verb = args[0];
        try (Env env = new Env(args[1], "store", null)) {
            String[] rest = Arrays.copyOfRange(args, 2, args.length);
            switch (verb) {
                case "old":
                    old(env);
                    break;
                case "fill":
                    fill(env, Integer.parseInt(rest[0]));
                    break;
                case "send":
                    send(env, rest[0], rest[1], Integer.parseInt(rest[2]));
                    break;
                case "delay":
                    delay(env, rest[0], Integer.parseInt(rest[1]), Integer.parseInt(rest[2]));
                    break;
                case "dump":
                    dump(env, rest);
                    break;
                case "consume":
                    consume(env, rest[0], rest[1], Integer.parseInt(rest[2]), Long.parseLong(rest[3]));
                    break;
                case "reject":
                    reject(env, rest[0], rest[1], Integer.parseInt(rest[2]));
                    break;
                default:
                    throw new IllegalArgumentException(verb);
            }
        }
        System.exit(0);
    }

    /** Three files of the log and more: what comes first is gone when the log has lost two of them. */
    private static void old(Env env) throws Exception {
        DefaultMQProducer producer = env.newProducer();
        producer.setCompressMsgBodyOverHowmuch(1 << 20);
        producer.start();
        for (int i = 0; i < 3; i++) {
            check(producer.send(new Message("move-gone", ("gone " + i).getBytes(StandardCharsets.UTF_8))).getSendStatus());
        }
        check(producer.send(batch("move-inner", 7)).getSendStatus());
        check(producer.send(batch("move-inner", 4)).getSendStatus());
        Random random = new Random(8);
        for (int i = 0; i < 100; i++) {
            byte[] body = new byte[32_768];
            random.nextBytes(body);
            check(producer.send(new Message("move-old", "O", "old" + i, body)).getSendStatus());
        }
    }

    private static List<Message> batch(String topic, int count) {
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Message message = new Message(topic, "B", "batch" + i, ("batch " + i).getBytes(StandardCharsets.UTF_8));
            message.putUserProperty("index", Integer.toString(i));
            batch.add(message);
        }
        return batch;
    }

    /** Plain, tagged, keyed, compressed and batched messages of many sizes, inner batches, values of few keys. */
    private static void fill(Env env, int count) throws Exception {
        DefaultMQProducer producer = env.newProducer();
        producer.setCompressMsgBodyOverHowmuch(2_048);
        producer.start();
        Random random = new Random(7);
        for (int i = 0; i < count; i++) {
            byte[] body = new byte[1 + random.nextInt(i % 20 == 0 ? 30_000 : 900)];
            // Half of the large ones shrink.
            if (i % 40 == 0) {
                Arrays.fill(body, (byte) 'a');
            } else {
                random.nextBytes(body);
            }
            Message message = new Message("move-a", "T" + i % 3, "key" + i + " other" + i, body);
            message.setFlag(i);
            message.putUserProperty("index", Integer.toString(i));
            message.putUserProperty("text", "\u4e2d\u6587 " + i);
            check(producer.send(message).getSendStatus());
        }
        check(producer.send(batch("move-batch", 25)).getSendStatus());
        check(producer.send(batch("move-batch", 5)).getSendStatus());
        for (int size : new int[] {25, 1, 5}) {
            check(producer.send(batch("move-inner", size)).getSendStatus());
            check(producer.send(new Message("move-inner", "S", "single" + size, new byte[] {(byte) size})).getSendStatus());
        }
        for (int i = 0; i < 50; i++) {
            check(producer.send(new Message("move-compact", "C", "key" + i % 7, ("value " + i).getBytes(StandardCharsets.UTF_8))).getSendStatus());
        }
    }

    private static void send(Env env, String topic, String prefix, int count) throws Exception {
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < count; i++) {
            check(producer.send(new Message(topic, (prefix + i).getBytes(StandardCharsets.UTF_8))).getSendStatus());
        }
    }

    private static void delay(Env env, String topic, int level, int count) throws Exception {
        DefaultMQProducer producer = env.producer();
        for (int i = 0; i < count; i++) {
            Message message = new Message(topic, "D", ("delayed " + level + " " + i).getBytes(StandardCharsets.UTF_8));
            message.setDelayTimeLevel(level);
            check(producer.send(message).getSendStatus());
        }
    }

    private static void check(SendStatus status) {
        if (status != SendStatus.SEND_OK) {
            throw new IllegalStateException("a send ended with " + status);
        }
    }

    private static void dump(Env env, String[] topics) throws Exception {
        DefaultMQPullConsumer consumer = env.pullConsumer(Env.unique("dump"));
        for (String topic : topics) {
            Set<MessageQueue> queues = new TreeSet<>(consumer.fetchSubscribeMessageQueues(topic));
            for (MessageQueue queue : queues) {
                long min = consumer.minOffset(queue);
                long max = consumer.maxOffset(queue);
                System.out.println("queue " + topic + " " + queue.getQueueId() + " " + min + " " + max);
                for (long offset = min; offset < max; ) {
                    PullResult result = consumer.pull(queue, "*", offset, 32);
                    if (result.getPullStatus() == PullStatus.FOUND) {
                        for (MessageExt message : result.getMsgFoundList()) {
                            System.out.println(line(message));
                        }
                    }
                    if (result.getNextBeginOffset() <= offset) {
                        throw new IllegalStateException("no progress at " + offset + " of " + queue + ": " + result);
                    }
                    offset = result.getNextBeginOffset();
                }
            }
        }
    }

    private static String line(MessageExt message) throws Exception {
        Map<String, String> properties = new TreeMap<>(message.getProperties());
        // The client adds these from the answer's header.
        properties.remove("MIN_OFFSET");
        properties.remove("MAX_OFFSET");
        return String.join(" ", "message", message.getTopic(), "queue=" + message.getQueueId(), "offset=" + message.getQueueOffset(), "physical=" + message.getCommitLogOffset(),
            "size=" + message.getStoreSize(), "flag=" + message.getFlag(), "sysFlag=" + message.getSysFlag(), "born=" + message.getBornTimestamp(), "from=" + message.getBornHost(),
            "stored=" + message.getStoreTimestamp(), "at=" + message.getStoreHost(), "crc=" + message.getBodyCRC(), "times=" + message.getReconsumeTimes(),
            "body=" + message.getBody().length + ":" + hash(message.getBody()), "properties=" + properties);
    }

    private static String hash(byte[] bytes) throws Exception {
        StringBuilder text = new StringBuilder();
        for (byte b : Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(bytes), 8)) {
            text.append(String.format("%02x", b));
        }
        return text.toString();
    }

    /** Until `wanted` messages are there and nothing came for a while, or the time is over. Duplicates are printed too. */
    private static void consume(Env env, String group, String topic, int wanted, long timeoutMs) throws Exception {
        AtomicLong last = new AtomicLong(System.currentTimeMillis());
        List<String> got = java.util.Collections.synchronizedList(new ArrayList<>());
        DefaultMQPushConsumer consumer = env.pushConsumer(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                got.add("got " + message.getTopic() + " " + message.getQueueId() + " " + message.getQueueOffset() + " " + new String(message.getBody(), StandardCharsets.ISO_8859_1).hashCode());
            }
            last.set(System.currentTimeMillis());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        long end = System.currentTimeMillis() + timeoutMs;
        while (System.currentTimeMillis() < end && (got.size() < wanted || System.currentTimeMillis() - last.get() < QUIET_MS)) {
            Thread.sleep(50);
        }
        consumer.shutdown();
        for (String each : got) {
            System.out.println(each);
        }
    }

    /** Every message fails for good at once: it goes to the group's dead letter queue. */
    private static void reject(Env env, String group, String topic, int wanted) throws Exception {
        Set<String> seen = new ConcurrentSkipListSet<>();
        DefaultMQPushConsumer consumer = env.pushConsumer(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setMaxReconsumeTimes(0);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                seen.add(message.getMsgId());
            }
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        consumer.start();
        long end = System.currentTimeMillis() + 60_000;
        while (System.currentTimeMillis() < end && seen.size() < wanted) {
            Thread.sleep(50);
        }
        // What was sent back is acknowledged with the next commit of offsets, at the latest by the shutdown.
        Thread.sleep(500);
        consumer.shutdown();
        System.out.println("rejected " + seen.size());
    }
}
