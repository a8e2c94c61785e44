package kitemq.conformance;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/** Finding messages by what they say of themselves. */
final class QueryScenarios {
    private static final int NO_MESSAGE = 208;

    private QueryScenarios() {
    }

    static void addTo(Map<String, Scenario> all, String clientVersion) {
        all.put("query by key: every word of KEYS, the newest, a time range", QueryScenarios::byKey);
        all.put("query by unique id and by offset id", QueryScenarios::byId);
        all.put("query after the broker was killed (-9)", QueryScenarios::afterKill);
        if (clientVersion.startsWith("5.")) {
            // Before, there are no index types, and the tool needs an installation around it.
            all.put("query by tag", QueryScenarios::byTag);
            all.put("mqadmin: queryMsgByKey, queryMsgById, queryMsgByUniqueKey, queryMsgByOffset", QueryScenarios::mqadmin);
        }
    }

    private static void byKey(Env env) throws Exception {
        String topic = env.topic(2);
        String other = env.topic(1);
        DefaultMQProducer producer = env.producer();
        DefaultMQAdminExt admin = env.admin();
        producer.send(new Message(topic, "t", "a  b", Env.bytes("first")));
        producer.send(new Message(topic, "t", "b c", Env.bytes("second")));
        producer.send(new Message(other, "t", "b", Env.bytes("elsewhere")));
        for (int i = 0; i < 70; i++) {
            producer.send(new Message(topic, "t", "many", Env.bytes("m" + i)));
        }
        Check.eventually(() -> found(admin, topic, "many", 64).size() == 64, () -> "keys are indexed: " + found(admin, topic, "many", 64));
        Check.equal(List.of("first"), found(admin, topic, "a", 32), "key a");
        Check.equal(List.of("first", "second"), found(admin, topic, "b", 32), "key b");
        Check.equal(List.of("second"), found(admin, topic, "c", 32), "key c");
        Check.equal(List.of("elsewhere"), found(admin, other, "b", 32), "key b of the other topic");
        Check.equal(List.of("m67", "m68", "m69"), found(admin, topic, "many", 3), "the newest 3");
        Check.equal(bodies(6, 70), found(admin, topic, "many", 1000), "no more than 64");
        for (String none : List.of("a b", "none", "t")) {
            Check.equal(NO_MESSAGE, Check.fails(MQClientException.class, () -> admin.queryMessage(topic, none, 32, 0, Long.MAX_VALUE)).getResponseCode(), "key " + none);
        }
        long now = System.currentTimeMillis();
        Check.equal(List.of("first"), found(admin, topic, "a", 32, now - 600_000, now + 600_000), "key a lately");
        Check.equal(List.of(), found(admin, topic, "a", 32, now + 600_000, Long.MAX_VALUE), "key a in the future");
        Check.equal(List.of(), found(admin, topic, "a", 32, 0, now - 600_000), "key a in the past");
        QueryResult result = admin.queryMessage(topic, "a", 32, 0, Long.MAX_VALUE);
        MessageExt first = result.getMessageList().get(0);
        Check.that(result.getIndexLastUpdateTimestamp() >= first.getStoreTimestamp(), "the index is from %s, the message from %s", result.getIndexLastUpdateTimestamp(), first.getStoreTimestamp());
        Check.equal("a  b", first.getKeys(), "keys");
    }

    private static void byId(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        DefaultMQAdminExt admin = env.admin();
        Map<String, SendResult> sent = Env.send(producer, topic, "u", 20);
        SendResult seventh = sent.get("u7");
        Check.eventually(() -> byUniqueKey(producer, topic, sent.get("u19").getMsgId()) != null, () -> "unique keys are indexed");
        for (Map.Entry<String, SendResult> each : sent.entrySet()) {
            Check.equal(each.getKey(), Inbox.body(byUniqueKey(producer, topic, each.getValue().getMsgId())), "by unique id");
        }
        MessageExt byOffset = admin.viewMessage(topic, seventh.getOffsetMsgId());
        Check.equal("u7", Inbox.body(byOffset), "by offset id");
        Check.equal(seventh.getQueueOffset(), byOffset.getQueueOffset(), "queue offset");
        Check.equal("u7", Inbox.body(admin.viewMessage(topic, seventh.getMsgId())), "by either id");
        Check.equal(null, byUniqueKey(producer, topic, seventh.getMsgId().replace('7', '8') + "X"), "an id that nobody has");
        String beyond = seventh.getOffsetMsgId().substring(0, 16) + "00000FFFFFFFFFFF";
        // The client takes an id that the broker does not know for a unique one, and asks again.
        Check.equal(NO_MESSAGE, Check.fails(MQClientException.class, () -> producer.viewMessage(topic, beyond)).getResponseCode(), "an offset beyond the log");
    }

    /** Through reflection: the index type is a parameter since 5.5. */
    private static void byTag(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        DefaultMQAdminExt admin = env.admin();
        producer.send(new Message(topic, "red", "k", Env.bytes("one")));
        producer.send(new Message(topic, "blue", "red", Env.bytes("two")));
        producer.send(new Message(topic, "red", "k", Env.bytes("three")));
        var query = DefaultMQAdminExt.class.getMethod("queryMessage", String.class, String.class, String.class, int.class, long.class, long.class, String.class, String.class);
        Check.eventually(() -> found(admin, topic, "k", 32).size() == 2, () -> "keys are indexed");
        QueryResult result = (QueryResult) query.invoke(admin, null, topic, "red", 32, 0L, Long.MAX_VALUE, "T", null);
        Check.equal(List.of("one", "three"), result.getMessageList().stream().map(Inbox::body).collect(Collectors.toList()), "tag red");
        Check.equal(List.of("two"), found(admin, topic, "red", 32), "key red");
    }

    private static void afterKill(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQProducer producer = env.producer();
        producer.setRetryTimesWhenSendFailed(10);
        for (int i = 0; i < 30; i++) {
            producer.send(new Message(topic, "t", "before", Env.bytes("m" + i)));
        }
        env.control.killBroker();
        env.control.startBroker();
        DefaultMQAdminExt admin = env.admin();
        Check.eventually(() -> bodies(0, 30).equals(found(admin, topic, "before", 64)), () -> "after the restart: " + found(admin, topic, "before", 64));
    }

    private static void mqadmin(Env env) throws Exception {
        String topic = env.topic(1);
        DefaultMQAdminExt admin = env.admin();
        SendResult sent = env.producer().send(new Message(topic, "tag", "key-1", Env.bytes("look at me")));
        Check.eventually(() -> found(admin, topic, "key-1", 1).size() == 1, () -> "the key is indexed");
        String byKey = run(env, "queryMsgByKey", "-t", topic, "-k", "key-1");
        Check.that(byKey.contains(sent.getMsgId()), "queryMsgByKey says %s", byKey);
        String byUniqueKey = run(env, "queryMsgByUniqueKey", "-t", topic, "-i", sent.getMsgId());
        Check.that(byUniqueKey.contains("key-1") && byUniqueKey.contains(sent.getMsgId()), "queryMsgByUniqueKey says %s", byUniqueKey);
        String byId = run(env, "queryMsgById", "-t", topic, "-i", sent.getOffsetMsgId());
        Check.that(byId.contains(sent.getOffsetMsgId()) && byId.contains("key-1"), "queryMsgById says %s", byId);
        String byOffset = run(env, "queryMsgByOffset", "-t", topic, "-b", sent.getMessageQueue().getBrokerName(), "-i", "0", "-o", "0");
        Check.that(byOffset.contains(sent.getOffsetMsgId()), "queryMsgByOffset says %s", byOffset);
    }

    /** What the command prints. */
    private static synchronized String run(Env env, String... words) {
        String[] args = java.util.Arrays.copyOf(words, words.length + 2);
        args[words.length] = "-n";
        args[words.length + 1] = env.namesrv;
        PrintStream usual = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            MQAdminStartup.main0(args, null);
        } finally {
            System.setOut(usual);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }

    private static MessageExt byUniqueKey(DefaultMQProducer producer, String topic, String id) throws Exception {
        try {
            return producer.getDefaultMQProducerImpl().queryMessageByUniqKey(topic, id);
        } catch (MQClientException none) {
            Check.equal(NO_MESSAGE, none.getResponseCode(), "code for " + id);
            return null;
        }
    }

    private static List<String> bodies(int from, int end) {
        return IntStream.range(from, end).mapToObj(i -> "m" + i).collect(Collectors.toList());
    }

    private static List<String> found(DefaultMQAdminExt admin, String topic, String key, int max) throws Exception {
        return found(admin, topic, key, max, 0, Long.MAX_VALUE);
    }

    private static List<String> found(DefaultMQAdminExt admin, String topic, String key, int max, long begin, long end) throws Exception {
        try {
            return admin.queryMessage(topic, key, max, begin, end).getMessageList().stream().map(Inbox::body).collect(Collectors.toList());
        } catch (MQClientException none) {
            Check.equal(NO_MESSAGE, none.getResponseCode(), "code for " + key);
            return List.of();
        }
    }
}
