import { PropertyName, TopicNames } from '@kitemq/protocol';
import type { MessageToAppend } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';
import type { SendProperties } from '../produce/send-properties.ts';
import { levelsOf } from './delay-levels.ts';

/**
 * Turns a message with a delay level into one of the schedule topic that remembers where it goes. `message` has the real topic
 * and queue; a level above the highest is the highest.
 */
export function scheduleMessage(message: MessageToAppend, properties: SendProperties, { config, runtime }: BrokerContext): void {
  const levels = levelsOf(config.messageDelayLevel);
  const level = Math.min(properties.delayLevel, levels.length);
  properties.append(PropertyName.realTopic, message.topic);
  properties.append(PropertyName.realQueueId, String(message.queueId));
  message.topic = TopicNames.schedule;
  message.queueId = level - 1;
  message.tagsCode = runtime.clock.now() + levels[level - 1]!;
}
