package kitemq.conformance;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** What a scenario works with; closes what it opened, newest first. */
final class Env implements AutoCloseable {
    private static final AtomicInteger COUNTER = new AtomicInteger();
    /** Names differ from run to run, so that a broker with old data can be used. */
    private static final String RUN = Long.toString(System.currentTimeMillis() / 1000, 36);

    final String namesrv;
    final String clientVersion;
    final Control control;
    private final Deque<Check.Action> closers = new ArrayDeque<>();

    Env(String namesrv, String clientVersion, Control control) {
        this.namesrv = namesrv;
        this.clientVersion = clientVersion;
        this.control = control;
    }

    static String unique(String prefix) {
        return prefix + "-" + RUN + "-" + COUNTER.incrementAndGet();
    }

    void onClose(Check.Action action) {
        closers.push(action);
    }

    DefaultMQProducer producer() throws Exception {
        DefaultMQProducer producer = newProducer();
        producer.start();
        return producer;
    }

    /** Not started yet. */
    DefaultMQProducer newProducer() {
        DefaultMQProducer producer = new DefaultMQProducer(unique("PG"));
        producer.setNamesrvAddr(namesrv);
        producer.setInstanceName(unique("producer"));
        producer.setSendMsgTimeout(10_000);
        producer.setMqClientApiTimeout(10_000);
        onClose(producer::shutdown);
        return producer;
    }

    /** Not started yet. */
    DefaultMQPushConsumer pushConsumer(String group) {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(unique("push"));
        consumer.setMqClientApiTimeout(10_000);
        onClose(consumer::shutdown);
        return consumer;
    }

    /** Not started yet. */
    DefaultLitePullConsumer litePullConsumer(String group) {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(unique("lite"));
        onClose(consumer::shutdown);
        return consumer;
    }

    DefaultMQPullConsumer pullConsumer(String group) throws Exception {
        DefaultMQPullConsumer consumer = new DefaultMQPullConsumer(group);
        consumer.setNamesrvAddr(namesrv);
        consumer.setInstanceName(unique("pull"));
        consumer.setMqClientApiTimeout(10_000);
        consumer.start();
        onClose(consumer::shutdown);
        return consumer;
    }

    DefaultMQAdminExt admin() throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setNamesrvAddr(namesrv);
        admin.setInstanceName(unique("admin"));
        admin.start();
        onClose(admin::shutdown);
        return admin;
    }

    /** Creates a topic and waits until the name server has its route. */
    String topic(int queues) throws Exception {
        String topic = unique("T");
        DefaultMQAdminExt admin = admin();
        for (String addr : brokerAddrs(admin)) {
            admin.createAndUpdateTopicConfig(addr, new TopicConfig(topic, queues, queues, 6));
        }
        awaitRoute(admin, topic, queues);
        return topic;
    }

    static void awaitRoute(DefaultMQAdminExt admin, String topic, int queues) throws Exception {
        Check.eventually(() -> {
            try {
                return admin.examineTopicRouteInfo(topic).getQueueDatas().stream().mapToInt(q -> q.getWriteQueueNums()).sum() >= queues;
            } catch (Exception notYet) {
                return false;
            }
        }, () -> "the route of " + topic + " has " + queues + " queues");
    }

    static List<String> brokerAddrs(DefaultMQAdminExt admin) throws Exception {
        List<String> addrs = new ArrayList<>();
        for (var broker : admin.examineBrokerClusterInfo().getBrokerAddrTable().values()) {
            addrs.add(broker.getBrokerAddrs().get(0L));
        }
        return addrs;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Sends bodies `prefix0`… and returns them with the queue and offset that the broker answered. */
    static Map<String, SendResult> send(DefaultMQProducer producer, String topic, String prefix, int count) throws Exception {
        Map<String, SendResult> sent = new HashMap<>();
        for (int i = 0; i < count; i++) {
            SendResult result = producer.send(new Message(topic, bytes(prefix + i)));
            Check.equal(SendStatus.SEND_OK, result.getSendStatus(), "send status");
            sent.put(prefix + i, result);
        }
        return sent;
    }

    static List<String> bodies(String prefix, int count) {
        List<String> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bodies.add(prefix + i);
        }
        return bodies;
    }

    static long stored(DefaultMQPullConsumer consumer, String topic) throws Exception {
        long sum = 0;
        for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(topic)) {
            sum += consumer.maxOffset(queue);
        }
        return sum;
    }

    @Override
    public void close() {
        while (!closers.isEmpty()) {
            try {
                closers.pop().run();
            } catch (Exception e) {
                System.err.println("while closing: " + e);
            }
        }
    }
}
