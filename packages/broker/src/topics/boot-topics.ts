import { Permission, replyTopicOf, TopicNames } from '@kitemq/protocol';
import type { BrokerSettings } from '../config/broker-settings.ts';
import { levelsOf } from '../schedule/delay-levels.ts';
import { topicConfig } from './topic-config.ts';
import type { TopicConfig } from './topic-config.ts';

/** Queues of the topic that load tests use (TopicConfigManager). */
const benchmarkQueues = 1_024;
const clusterQueues = 16;

/**
 * The topics that a broker always has. They follow from its settings, so they are not stored unless somebody changes them:
 * starting writes nothing.
 */
export function bootTopics(settings: BrokerSettings): TopicConfig[] {
  const { brokerClusterName: cluster, brokerName: broker } = settings;
  const closed = { perm: Permission.inherit };
  const open = { perm: Permission.readWriteInherit };
  const topics = [
    topicConfig(TopicNames.selfTest, 1),
    topicConfig(TopicNames.benchmark, benchmarkQueues),
    topicConfig(cluster, clusterQueues, settings.clusterTopicEnable ? open : closed),
    topicConfig(broker, 1, settings.brokerTopicEnable ? open : closed),
    topicConfig(TopicNames.offsetMoved, 1),
    topicConfig(TopicNames.schedule, levelsOf(settings.messageDelayLevel).length),
    topicConfig(replyTopicOf(cluster), 1),
    topicConfig(`rmq_sys_REVIVE_LOG_${cluster}`, settings.reviveQueueNum),
    topicConfig(`rmq_sys_SYNC_BROKER_MEMBER_${broker}`, 1, closed),
    topicConfig(TopicNames.transactionHalf, 1),
    topicConfig(TopicNames.transactionOp, 1),
    topicConfig(TopicNames.timer, 1),
  ];
  if (settings.autoCreateTopicEnable) topics.push(topicConfig(TopicNames.autoCreate, settings.defaultTopicQueueNums, open));
  if (settings.traceTopicEnable) topics.push(topicConfig(settings.msgTraceTopicName, 1));
  return topics;
}
