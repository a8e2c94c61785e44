import { PropertyName, TopicNames } from '@kitemq/protocol';
import type { MessageToAppend } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';
import type { SendProperties } from '../produce/send-properties.ts';

/**
 * Turns a message with a delay level into one of the schedule topic that remembers where it goes. `message` has the real topic
 * and queue; a level above the highest is the highest.
 */
export function scheduleMessage(message: MessageToAppend, properties: SendProperties, { delayLevels, runtime }: BrokerContext): void {
  const level = Math.min(properties.delayLevel, delayLevels.length);
  properties.append(PropertyName.realTopic, message.topic);
  properties.append(PropertyName.realQueueId, String(message.queueId));
  message.topic = TopicNames.schedule;
  message.queueId = level - 1;
  message.tagsCode = runtime.clock.now() + delayLevels[level - 1]!;
}
