package kitemq.conformance;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.message.MessageExt;

/** Collects what consumers receive. */
final class Inbox {
    final ConcurrentLinkedQueue<MessageExt> messages = new ConcurrentLinkedQueue<>();
    private final Map<String, Integer> timesByBody = new ConcurrentHashMap<>();

    void add(MessageExt message) {
        messages.add(message);
        timesByBody.merge(body(message), 1, Integer::sum);
    }

    static String body(MessageExt message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }

    Inbox listenTo(DefaultMQPushConsumer consumer) {
        consumer.registerMessageListener((MessageListenerConcurrently) (batch, context) -> {
            batch.forEach(this::add);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        return this;
    }

    Set<String> bodies() {
        return new TreeSet<>(timesByBody.keySet());
    }

    int duplicates() {
        return messages.size() - timesByBody.size();
    }

    void await(Collection<String> expected) throws Exception {
        Check.eventually(() -> timesByBody.keySet().containsAll(expected), () -> {
            List<String> missing = new ArrayList<>(expected);
            missing.removeAll(timesByBody.keySet());
            return missing.size() + " of " + expected.size() + " messages missing, e.g. " + missing.subList(0, Math.min(5, missing.size()));
        });
    }

    /** Waits for all of them, then checks that there is nothing else. */
    void awaitExactly(Collection<String> expected) throws Exception {
        await(expected);
        Set<String> surplus = bodies();
        surplus.removeAll(Set.copyOf(expected));
        Check.that(surplus.isEmpty(), "received what was not expected: %s", surplus);
    }
}
