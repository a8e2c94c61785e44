import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.common.BoundaryType;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.protocol.DataVersion;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RemotingSerializable;
import org.apache.rocketmq.remoting.protocol.SerializeType;
import org.apache.rocketmq.remoting.protocol.admin.ConsumeStats;
import org.apache.rocketmq.remoting.protocol.admin.OffsetWrapper;
import org.apache.rocketmq.remoting.protocol.admin.TopicOffset;
import org.apache.rocketmq.remoting.protocol.admin.TopicStatsTable;
import org.apache.rocketmq.remoting.protocol.body.ClusterInfo;
import org.apache.rocketmq.remoting.protocol.body.ConsumerConnection;
import org.apache.rocketmq.remoting.protocol.body.ConsumerRunningInfo;
import org.apache.rocketmq.remoting.protocol.body.GetConsumerStatusBody;
import org.apache.rocketmq.remoting.protocol.body.LockBatchRequestBody;
import org.apache.rocketmq.remoting.protocol.body.LockBatchResponseBody;
import org.apache.rocketmq.remoting.protocol.body.ProcessQueueInfo;
import org.apache.rocketmq.remoting.protocol.body.QueryAssignmentRequestBody;
import org.apache.rocketmq.remoting.protocol.body.RegisterBrokerBody;
import org.apache.rocketmq.remoting.protocol.body.ResetOffsetBody;
import org.apache.rocketmq.remoting.protocol.body.SubscriptionGroupWrapper;
import org.apache.rocketmq.remoting.protocol.body.TopicConfigAndMappingSerializeWrapper;
import org.apache.rocketmq.remoting.protocol.body.TopicList;
import org.apache.rocketmq.remoting.protocol.heartbeat.ConsumeType;
import org.apache.rocketmq.remoting.protocol.heartbeat.ConsumerData;
import org.apache.rocketmq.remoting.protocol.heartbeat.HeartbeatData;
import org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel;
import org.apache.rocketmq.remoting.protocol.heartbeat.ProducerData;
import org.apache.rocketmq.remoting.protocol.heartbeat.SubscriptionData;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;
import org.apache.rocketmq.remoting.protocol.route.QueueData;
import org.apache.rocketmq.remoting.protocol.route.TopicRouteData;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;

/** Writes what Apache RocketMQ's own classes make of known values: frames, bodies, records, batches. Usage: Goldens OUTPUT_DIRECTORY */
public final class Goldens {
    private static final String[] PACKAGES = {"", "controller.", "controller.register.", "controller.admin.", "namesrv."};

    public static void main(String[] args) throws Exception {
        Path out = Path.of(args[0]);
        Path headers = Path.of(args[1]);
        Files.writeString(out.resolve("headers.json"), headers(Files.readAllLines(headers)));
        Files.writeString(out.resolve("bodies.json"), array(bodies()));
        Files.writeString(out.resolve("records.json"), array(records()));
        Files.writeString(out.resolve("batches.json"), array(batches()));
    }

    /** Each line of the list: a header class name. All its fields are set, by a rule that the reader of the file knows too. */
    private static String headers(List<String> names) throws Exception {
        List<String> items = new ArrayList<>();
        for (String name : names) {
            Class<?> type = find(name);
            if (type == null) {
                continue;
            }
            CommandCustomHeader header = (CommandCustomHeader) type.getDeclaredConstructor().newInstance();
            Map<String, String> values = new TreeMap<>();
            for (Class<?> level = type; level != Object.class; level = level.getSuperclass()) {
                for (Field field : level.getDeclaredFields()) {
                    if (Modifier.isStatic(field.getModifiers()) || field.getName().startsWith("this")) {
                        continue;
                    }
                    field.setAccessible(true);
                    Object value = sample(field);
                    field.set(header, value);
                    values.put(field.getName(), value.toString());
                }
            }
            items.add("{\"header\":" + text(name) + ",\"values\":" + object(values) + ",\"json\":" + text(frame(header, SerializeType.JSON))
                + ",\"rocketmq\":" + text(frame(header, SerializeType.ROCKETMQ)) + "}");
        }
        return array(items);
    }

    private static Class<?> find(String name) {
        for (String sub : PACKAGES) {
            try {
                Class<?> type = Class.forName("org.apache.rocketmq.remoting.protocol.header." + sub + name);
                return CommandCustomHeader.class.isAssignableFrom(type) ? type : null;
            } catch (ClassNotFoundException e) {
                // the next one
            }
        }
        return null;
    }

    private static Object sample(Field field) {
        Class<?> type = field.getType();
        int number = field.getName().length();
        if (type == String.class) {
            return field.getName() + "-\u00e9\u4e2d\"\\\u0001v\u0002";
        }
        if (type == int.class || type == Integer.class) {
            return number % 2 == 0 ? number : -number;
        }
        if (type == long.class || type == Long.class) {
            return 1_700_000_000_000L + number;
        }
        if (type == boolean.class || type == Boolean.class) {
            return number % 2 == 0;
        }
        if (type == BoundaryType.class) {
            return BoundaryType.UPPER;
        }
        throw new IllegalStateException(field + " has a type without a sample");
    }

    private static String frame(CommandCustomHeader header, SerializeType type) {
        RemotingCommand command = RemotingCommand.createRequestCommand(310, header);
        command.setSerializeTypeCurrentRPC(type);
        command.setLanguage(LanguageCode.GO);
        command.setVersion(513);
        command.setOpaque(4711);
        command.setRemark("r\u00e9mark \"1\"");
        command.setBody("body".getBytes(StandardCharsets.UTF_8));
        return hex(command.encode());
    }

    private static List<String> bodies() {
        MessageQueue queue = new MessageQueue("T1", "broker-a", 3);
        List<String> items = new ArrayList<>();

        SubscriptionData subscription = new SubscriptionData("T1", "a||b");
        subscription.setSubVersion(1_700_000_000_000L);
        subscription.getTagsSet().addAll(Arrays.asList("a", "b"));
        subscription.getCodeSet().addAll(Arrays.asList(97, 98));
        ConsumerData consumer = new ConsumerData();
        consumer.setGroupName("CG");
        consumer.setConsumeType(ConsumeType.CONSUME_PASSIVELY);
        consumer.setMessageModel(MessageModel.CLUSTERING);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_LAST_OFFSET);
        consumer.getSubscriptionDataSet().add(subscription);
        ProducerData producer = new ProducerData();
        producer.setGroupName("PG");
        HeartbeatData heartbeat = new HeartbeatData();
        heartbeat.setClientID("10.0.0.9@1234");
        heartbeat.getConsumerDataSet().add(consumer);
        heartbeat.getProducerDataSet().add(producer);
        items.add(body("HeartbeatData", heartbeat));

        QueueData queueData = new QueueData();
        queueData.setBrokerName("broker-a");
        queueData.setReadQueueNums(8);
        queueData.setWriteQueueNums(8);
        queueData.setPerm(6);
        HashMap<Long, String> addresses = new HashMap<>();
        addresses.put(0L, "10.0.0.1:10911");
        addresses.put(1L, "10.0.0.2:10911");
        BrokerData brokerData = new BrokerData("DefaultCluster", "broker-a", addresses);
        TopicRouteData route = new TopicRouteData();
        route.setQueueDatas(List.of(queueData));
        route.setBrokerDatas(List.of(brokerData));
        route.setFilterServerTable(new HashMap<>());
        items.add(body("TopicRouteData", route));

        ClusterInfo cluster = new ClusterInfo();
        cluster.setBrokerAddrTable(new HashMap<>(Map.of("broker-a", brokerData)));
        cluster.setClusterAddrTable(new HashMap<>(Map.of("DefaultCluster", new HashSet<>(List.of("broker-a")))));
        items.add(body("ClusterInfo", cluster));

        TopicList topics = new TopicList();
        topics.setTopicList(new HashSet<>(List.of("T1", "T2")));
        items.add(body("TopicList", topics));

        OffsetWrapper wrapper = new OffsetWrapper();
        wrapper.setBrokerOffset(10);
        wrapper.setConsumerOffset(5);
        wrapper.setPullOffset(7);
        wrapper.setLastTimestamp(1);
        ConsumeStats stats = new ConsumeStats();
        stats.getOffsetTable().put(queue, wrapper);
        stats.setConsumeTps(1.5);
        items.add(body("ConsumeStats", stats));

        TopicOffset topicOffset = new TopicOffset();
        topicOffset.setMaxOffset(10);
        topicOffset.setLastUpdateTimestamp(1_700_000_000_000L);
        TopicStatsTable table = new TopicStatsTable();
        table.getOffsetTable().put(queue, topicOffset);
        items.add(body("TopicStatsTable", table));

        ResetOffsetBody reset = new ResetOffsetBody();
        reset.setOffsetTable(new HashMap<>(Map.of(queue, 9_007_199_254_740_991L)));
        items.add(body("ResetOffsetBody", reset));

        GetConsumerStatusBody status = new GetConsumerStatusBody();
        status.setMessageQueueTable(new HashMap<>(Map.of(queue, 3L)));
        items.add(body("GetConsumerStatusBody", status));

        LockBatchRequestBody lock = new LockBatchRequestBody();
        lock.setClientId("c");
        lock.setConsumerGroup("CG");
        lock.getMqSet().add(queue);
        items.add(body("LockBatchRequestBody", lock));
        LockBatchResponseBody locked = new LockBatchResponseBody();
        locked.setLockOKMQSet(new HashSet<>(List.of(queue)));
        items.add(body("LockBatchResponseBody", locked));

        ConsumerRunningInfo running = new ConsumerRunningInfo();
        running.getProperties().put("PROP_CONSUME_TYPE", "CONSUME_PASSIVELY");
        running.getMqTable().put(queue, new ProcessQueueInfo());
        running.getSubscriptionSet().add(subscription);
        items.add(body("ConsumerRunningInfo", running));

        ConsumerConnection connection = new ConsumerConnection();
        connection.setConsumeType(ConsumeType.CONSUME_POP);
        connection.setMessageModel(MessageModel.BROADCASTING);
        connection.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_TIMESTAMP);
        connection.getSubscriptionTable().put("T1", subscription);
        items.add(body("ConsumerConnection", connection));

        QueryAssignmentRequestBody assignment = new QueryAssignmentRequestBody();
        assignment.setTopic("T1");
        assignment.setConsumerGroup("CG");
        assignment.setClientId("c");
        assignment.setStrategyName("AVG");
        assignment.setMessageModel(MessageModel.CLUSTERING);
        items.add(body("QueryAssignmentRequestBody", assignment));

        DataVersion version = new DataVersion();
        version.setTimestamp(1_700_000_000_000L);
        TopicConfig topicConfig = new TopicConfig("T1", 8, 8, 6);
        topicConfig.setAttributes(new HashMap<>(Map.of("message.type", "FIFO")));
        TopicConfigAndMappingSerializeWrapper topicWrapper = new TopicConfigAndMappingSerializeWrapper();
        topicWrapper.setTopicConfigTable(new ConcurrentHashMap<>(Map.of("T1", topicConfig)));
        topicWrapper.setDataVersion(version);
        topicWrapper.setMappingDataVersion(version);
        RegisterBrokerBody register = new RegisterBrokerBody();
        register.setTopicConfigSerializeWrapper(topicWrapper);
        items.add(body("RegisterBrokerBody", register));

        SubscriptionGroupConfig group = new SubscriptionGroupConfig();
        group.setGroupName("CG");
        items.add(body("SubscriptionGroupConfig", group));
        SubscriptionGroupWrapper groups = new SubscriptionGroupWrapper();
        groups.setSubscriptionGroupTable(new ConcurrentHashMap<>(Map.of("CG", group)));
        groups.setDataVersion(version);
        items.add(body("SubscriptionGroupWrapper", groups));
        return items;
    }

    private static String body(String name, Object value) {
        return "{\"body\":" + text(name) + ",\"text\":" + text(new String(RemotingSerializable.encode(value), StandardCharsets.UTF_8)) + "}";
    }

    private static List<String> records() throws Exception {
        List<String> items = new ArrayList<>();
        items.add(record("plain", message("T1", "hi"), false));
        items.add(record("compressed", message("T1", "hello ".repeat(50)), true));
        MessageExt v6 = message("T1", "six");
        v6.setBornHost(new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 40000));
        v6.setStoreHost(new InetSocketAddress(InetAddress.getByName("2001:db8::2"), 10911));
        v6.setBornHostV6Flag();
        v6.setStoreHostAddressV6Flag();
        items.add(record("ipv6", v6, false));
        MessageExt unicode = message("%RETRY%CG", "\u4e2d\u6587");
        unicode.putUserProperty("name\u00e9", "\ud83d\ude00");
        unicode.setReconsumeTimes(2);
        unicode.setPreparedTransactionOffset(1L << 40);
        items.add(record("unicode", unicode, false));
        return items;
    }

    private static MessageExt message(String topic, String body) throws IOException {
        MessageExt message = new MessageExt();
        message.setTopic(topic);
        message.setBody(body.getBytes(StandardCharsets.UTF_8));
        message.setQueueId(3);
        message.setFlag(7);
        message.setQueueOffset(5);
        message.setCommitLogOffset(0x1234);
        message.setBornTimestamp(1_700_000_000_000L);
        message.setBornHost(new InetSocketAddress(InetAddress.getByName("10.0.0.1"), 40000));
        message.setStoreTimestamp(1_700_000_000_123L);
        message.setStoreHost(new InetSocketAddress(InetAddress.getByName("10.0.0.2"), 10911));
        message.setTags("TagA");
        message.setKeys("k1 k2");
        return message;
    }

    private static String record(String name, MessageExt message, boolean compress) throws Exception {
        if (compress) {
            message.setSysFlag(message.getSysFlag() | 0x301);
        }
        byte[] bytes = MessageDecoder.encode(message, compress);
        MessageExt read = MessageDecoder.decode(ByteBuffer.wrap(bytes));
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("topic", read.getTopic());
        fields.put("queueId", "" + read.getQueueId());
        fields.put("flag", "" + read.getFlag());
        fields.put("queueOffset", "" + read.getQueueOffset());
        fields.put("physicalOffset", "" + read.getCommitLogOffset());
        fields.put("bornTimestamp", "" + read.getBornTimestamp());
        fields.put("storeTimestamp", "" + read.getStoreTimestamp());
        fields.put("reconsumeTimes", "" + read.getReconsumeTimes());
        fields.put("preparedTransactionOffset", "" + read.getPreparedTransactionOffset());
        fields.put("bodyCrc", "" + read.getBodyCRC());
        fields.put("offsetMessageId", read.getMsgId());
        return "{\"record\":" + text(name) + ",\"hex\":" + text(hex(bytes)) + ",\"fields\":" + object(fields) + ",\"properties\":"
            + object(new TreeMap<>(read.getProperties())) + ",\"body\":" + text(new String(read.getBody(), StandardCharsets.UTF_8)) + "}";
    }

    private static List<String> batches() {
        List<String> items = new ArrayList<>();
        for (int count = 1; count <= 3; count++) {
            List<Message> messages = new ArrayList<>();
            for (int index = 0; index < count; index++) {
                Message message = new Message("T1", "Tag" + index, "key" + index, ("body \u4e2d " + index).getBytes(StandardCharsets.UTF_8));
                message.setFlag(index);
                messages.add(message);
            }
            List<String> elements = new ArrayList<>();
            for (Message message : messages) {
                elements.add("{\"flag\":" + message.getFlag() + ",\"body\":" + text(new String(message.getBody(), StandardCharsets.UTF_8)) + ",\"properties\":"
                    + object(new TreeMap<>(message.getProperties())) + "}");
            }
            items.add("{\"hex\":" + text(hex(MessageDecoder.encodeMessages(messages))) + ",\"messages\":[" + String.join(",", elements) + "]}");
        }
        return items;
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return hex(bytes);
    }

    private static String hex(byte[] bytes) {
        StringBuilder hex = new StringBuilder();
        for (byte b : bytes) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }

    private static String array(List<String> items) {
        return "[\n" + String.join(",\n", items) + "\n]\n";
    }

    private static String object(Map<String, String> values) {
        List<String> items = new ArrayList<>();
        values.forEach((key, value) -> items.add(text(key) + ":" + text(value)));
        return "{" + String.join(",", items) + "}";
    }

    /** A JSON string in ASCII. */
    private static String text(String value) {
        StringBuilder json = new StringBuilder("\"");
        for (char unit : value.toCharArray()) {
            if (unit == '"' || unit == '\\') {
                json.append('\\').append(unit);
            } else if (unit < 0x20 || unit > 0x7e) {
                json.append(String.format("\\u%04x", (int) unit));
            } else {
                json.append(unit);
            }
        }
        return json.append('"').toString();
    }
}
