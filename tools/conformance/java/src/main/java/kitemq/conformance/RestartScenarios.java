package kitemq.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;

/** The broker's process ends in the middle: nothing that was answered with SEND_OK is lost, no group starts over. */
final class RestartScenarios {
    private RestartScenarios() {
    }

    static void addTo(Map<String, Scenario> all) {
        all.put("restart: broker stopped and started under load", env -> underLoad(env, env.control::stopBroker));
        all.put("restart: broker killed (-9) and started under load", env -> underLoad(env, env.control::killBroker));
        all.put("restart: a clean stop keeps consumer offsets", RestartScenarios::offsets);
    }

    private static void underLoad(Env env, Check.Action end) throws Exception {
        String topic = env.topic(4);
        DefaultMQPushConsumer consumer = env.pushConsumer(Env.unique("G"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        Queue<String> acked = new ConcurrentLinkedQueue<>();
        AtomicBoolean stop = new AtomicBoolean();
        List<Thread> senders = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            DefaultMQProducer producer = env.producer();
            String prefix = "load" + t + "-";
            Thread thread = new Thread(() -> sendUntil(stop, producer, topic, prefix, acked));
            thread.start();
            senders.add(thread);
        }
        try {
            Check.eventually(() -> acked.size() >= 500, () -> acked.size() + " of 500 acknowledged before the restart");
            end.run();
            env.control.startBroker();
            int before = acked.size();
            Check.eventually(() -> acked.size() >= before + 500, () -> acked.size() - before + " of 500 acknowledged after the restart");
        } finally {
            stop.set(true);
            for (Thread thread : senders) {
                thread.join();
            }
        }
        inbox.await(acked);
    }

    private static void sendUntil(AtomicBoolean stop, DefaultMQProducer producer, String topic, String prefix, Queue<String> acked) {
        for (int i = 0; !stop.get(); i++) {
            try {
                SendResult result = producer.send(new Message(topic, Env.bytes(prefix + i)), 3000);
                if (result.getSendStatus() == SendStatus.SEND_OK) {
                    acked.add(prefix + i);
                }
            } catch (Exception notAcknowledged) {
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void offsets(Env env) throws Exception {
        String topic = env.topic(4);
        String group = Env.unique("G");
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "before", 100);
        DefaultMQPushConsumer consumer = env.pushConsumer(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        Inbox inbox = new Inbox().listenTo(consumer);
        consumer.start();
        inbox.awaitExactly(Env.bodies("before", 100));
        consumer.shutdown(); // commits
        env.control.stopBroker();
        env.control.startBroker();
        Env.awaitRoute(env.admin(), topic, 4);
        Env.send(env.producer(), topic, "after", 50);
        DefaultMQPushConsumer again = env.pushConsumer(group);
        again.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        again.subscribe(topic, "*");
        Inbox second = new Inbox().listenTo(again);
        again.start();
        second.awaitExactly(Env.bodies("after", 50));
    }
}
