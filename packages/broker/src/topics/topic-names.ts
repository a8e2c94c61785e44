import { isSystemTopic, replyTopicOf } from '@kitemq/protocol';
import type { BrokerSettings } from '../config/broker-settings.ts';

/** True for the topics that belong to the broker: those reserved everywhere, and those named after this cluster and this broker. */
export function isBrokerTopic(topic: string, settings: Pick<BrokerSettings, 'brokerClusterName' | 'brokerName'>): boolean {
  const { brokerClusterName: cluster, brokerName } = settings;
  return isSystemTopic(topic) || topic === cluster || topic === brokerName || topic === replyTopicOf(cluster);
}
