package kitemq.conformance;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/** Topics, routes, the cluster's list: what the admin client sees. */
final class TopicScenarios {
    private TopicScenarios() {
    }

    static void addTo(Map<String, Scenario> all) {
        all.put("admin: cluster info names the broker", TopicScenarios::clusterInfo);
        all.put("admin: create, update, list and delete a topic", TopicScenarios::topicLife);
        all.put("admin: topic statistics", TopicScenarios::topicStats);
        all.put("topic unknown, auto-create on: the send makes it", TopicScenarios::autoCreate);
        all.put("topic unknown, auto-create off: the send is refused", TopicScenarios::noAutoCreate);
    }

    private static void clusterInfo(Env env) throws Exception {
        DefaultMQAdminExt admin = env.admin();
        var info = admin.examineBrokerClusterInfo();
        Check.equal(Set.of("DefaultCluster"), info.getClusterAddrTable().keySet(), "clusters");
        Check.equal(Set.of("broker-a"), info.getClusterAddrTable().get("DefaultCluster"), "brokers of the cluster");
        Check.equal(1, Env.brokerAddrs(admin).size(), "masters");
    }

    private static void topicLife(Env env) throws Exception {
        DefaultMQAdminExt admin = env.admin();
        String topic = env.topic(3);
        var route = admin.examineTopicRouteInfo(topic);
        Check.equal(1, route.getBrokerDatas().size(), "brokers in the route");
        Check.equal("broker-a", route.getQueueDatas().get(0).getBrokerName(), "broker name in the route");
        Check.equal(3, route.getQueueDatas().get(0).getReadQueueNums(), "read queues");
        Check.that(admin.fetchAllTopicList().getTopicList().contains(topic), "the list of topics has no %s", topic);
        String broker = Env.brokerAddrs(admin).get(0);
        admin.createAndUpdateTopicConfig(broker, new TopicConfig(topic, 6, 6, 6));
        Env.awaitRoute(admin, topic, 6);
        admin.deleteTopicInBroker(new HashSet<>(List.of(broker)), topic);
        deleteInNameServer(admin, env.namesrv, topic);
        Check.eventually(() -> hasNoRoute(admin, topic), () -> topic + " still has a route");
    }

    /** 5.5.0 takes (addresses, topic); 4.9.7 has only (addresses, topic, cluster). */
    private static void deleteInNameServer(DefaultMQAdminExt admin, String namesrv, String topic) throws Exception {
        Set<String> addrs = new HashSet<>(List.of(namesrv));
        try {
            DefaultMQAdminExt.class.getMethod("deleteTopicInNameServer", Set.class, String.class).invoke(admin, addrs, topic);
        } catch (NoSuchMethodException older) {
            DefaultMQAdminExt.class.getMethod("deleteTopicInNameServer", Set.class, String.class, String.class).invoke(admin, addrs, topic, "DefaultCluster");
        }
    }

    private static boolean hasNoRoute(DefaultMQAdminExt admin, String topic) throws Exception {
        try {
            admin.examineTopicRouteInfo(topic);
            return false;
        } catch (MQClientException e) {
            return e.getResponseCode() == 17;
        }
    }

    private static void topicStats(Env env) throws Exception {
        DefaultMQAdminExt admin = env.admin();
        String topic = env.topic(2);
        Env.send(env.producer(), topic, "st", 20);
        Check.eventually(() -> {
            var table = admin.examineTopicStats(topic).getOffsetTable();
            return table.size() == 2 && table.values().stream().mapToLong(o -> o.getMaxOffset()).sum() == 20;
        }, () -> "statistics are " + admin.examineTopicStats(topic).getOffsetTable());
    }

    private static void autoCreate(Env env) throws Exception {
        String topic = Env.unique("auto");
        DefaultMQProducer producer = env.producer();
        Env.send(producer, topic, "u", 20);
        DefaultMQAdminExt admin = env.admin();
        Env.awaitRoute(admin, topic, 4);
        SendScenarios.consumeAll(env, topic, Env.bodies("u", 20));
    }

    private static void noAutoCreate(Env env) throws Exception {
        env.control.stopBroker();
        env.control.startBroker("autoCreateTopicEnable=false");
        try {
            String known = env.topic(1);
            DefaultMQProducer producer = env.producer();
            Env.send(producer, known, "k", 3);
            String topic = Env.unique("unknown");
            MQClientException refused = Check.fails(MQClientException.class, () -> producer.send(new Message(topic, Env.bytes("x"))));
            // 10005: the client found no route, not even of TBW102. 17: it had TBW102's from before, and the broker refused.
            Check.that(Set.of(17, 10005).contains(refused.getResponseCode()), "refused for another reason: %s %s", refused.getResponseCode(), refused);
            DefaultMQAdminExt admin = env.admin();
            Check.that(hasNoRoute(admin, topic), "the refused send made a route");
        } finally {
            env.control.stopBroker();
            env.control.startBroker();
        }
    }
}
