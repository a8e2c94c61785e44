import { Buffer } from 'node:buffer';
import { decodeProperties, decodeRecord, dlqTopicOf, encodeOffsetMessageId, encodeProperties, isWriteable, MessageSysFlag, MqVersion, PropertyName, ResponseCode, retryTopicOf, tagsCodeOf, TopicNames, TopicSysFlag } from '@kitemq/protocol';
import type { Commands } from '@kitemq/protocol';
import { AppendOutcome, AppendStatus } from '@kitemq/store';
import type { AppendCompletion, MessageToAppend } from '@kitemq/store';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { GroupEntry } from '../subscription-groups/group-table.ts';

type SendBackCall = Call<typeof Commands.consumerSendMsgBack>;

/** Level of the first retry: 10 s with the default levels. */
const firstRetryLevel = 3;

/**
 * CONSUMER_SEND_MSG_BACK (36): a message that a consumer could not handle comes again later, by way of the schedule topic, or
 * goes to the dead letters when it came often enough. Answered when that copy is durable: the original may be forgotten then.
 */
export async function sendBack(context: BrokerContext, call: SendBackCall): Promise<Answer<typeof Commands.consumerSendMsgBack>> {
  const { config, groups, topics, store, diskGuard } = context;
  const { header } = call;
  // Decoded before the first wait: the request's header is gone afterwards.
  const { version } = call.request;
  const group = groups.findOrCreate(header.group);
  if (group === undefined) throw new Refusal(ResponseCode.subscriptionGroupNotExist, `subscription group not exist, ${header.group}`);
  if (!isWriteable(config.brokerPermission)) throw new Refusal(ResponseCode.noPermission, `the broker[${config.brokerName}] sending message is forbidden`);
  if (group.config.retryQueueNums <= 0) return {};
  if (diskGuard.full) throw new Refusal(ResponseCode.systemError, 'the message could not be stored: the disk is nearly full');
  const record = await store.recordAt(header.offset);
  if (record === undefined) throw new Refusal(ResponseCode.systemError, `look message by offset failed, ${header.offset}`);
  const message = copyFor(context, group, { header, version, record });
  // The client may say anything.
  if (header.originTopic !== undefined && topics.get(header.originTopic) !== undefined) group.trafficOf(header.originTopic).sentBack.add(1);
  await stored(context, message);
  return {};
}

interface SendBackParts {
  readonly header: SendBackCall['header'];
  readonly version: number;
  readonly record: Uint8Array;
}

function copyFor(context: BrokerContext, group: GroupEntry, { header, version, record }: SendBackParts): MessageToAppend {
  const { delayLevels, runtime, topics } = context;
  const original = decodeRecord(record);
  if ((original.sysFlag & MessageSysFlag.innerBatch) !== 0) {
    throw new Refusal(ResponseCode.systemError, 'the message is part of a batch that is stored as one record; send it to the retry topic yourself, as clients do when this fails');
  }
  const properties = decodeProperties(original.properties);
  properties[PropertyName.retryTopic] ??= original.topic;
  properties[PropertyName.originMessageId] ??= encodeOffsetMessageId(original.storeHost, original.physicalOffset);
  properties[PropertyName.wait] = 'false';
  const own = version >= MqVersion.v3_4_9 ? header.maxReconsumeTimes : undefined;
  const exhausted = original.reconsumeTimes >= (own ?? group.config.retryMaxTimes) || header.delayLevel < 0;
  const message: MessageToAppend = {
    topic: '',
    queueId: 0,
    flag: original.flag,
    sysFlag: original.sysFlag & ~(MessageSysFlag.transactionMask | MessageSysFlag.storeHostV6),
    bornTimestamp: original.bornTimestamp,
    bornHost: original.bornHost,
    reconsumeTimes: original.reconsumeTimes + 1,
    preparedTransactionOffset: 0,
    body: original.body,
    properties: original.propertiesBytes,
    tagsCode: 0,
  };
  const name = exhausted ? dlqTopicOf(header.group) : retryTopicOf(header.group);
  const target = topics.ensureGroupTopic(name, exhausted ? 1 : group.config.retryQueueNums, { topicSysFlag: header.unitMode === true && !exhausted ? TopicSysFlag.unitSubscription : 0 });
  if (target === undefined) throw new Refusal(ResponseCode.systemError, `topic[${name}] not exist`);
  if (!isWriteable(target.config.perm)) throw new Refusal(ResponseCode.noPermission, `the topic[${name}] sending message is forbidden`);
  const queues = target.config.writeQueueNums;
  const queueId = queues <= 1 ? 0 : runtime.random.below(queues);
  if (exhausted) {
    delete properties[PropertyName.delay];
    message.topic = name;
    message.queueId = 0;
    message.properties = Buffer.from(encodeProperties(properties));
    message.tagsCode = tagsCodeOf(message.properties);
    return message;
  }
  const level = Math.min(header.delayLevel === 0 ? firstRetryLevel + original.reconsumeTimes : header.delayLevel, delayLevels.length);
  properties[PropertyName.delay] = String(level);
  properties[PropertyName.realTopic] = name;
  properties[PropertyName.realQueueId] = String(queueId);
  message.topic = TopicNames.schedule;
  message.queueId = level - 1;
  message.properties = Buffer.from(encodeProperties(properties));
  message.tagsCode = runtime.clock.now() + delayLevels[level - 1]!;
  return message;
}

/** Resolves when the copy is as durable as the broker promises. */
function stored({ store }: BrokerContext, message: MessageToAppend): Promise<void> {
  return new Promise((resolve, reject) => {
    const completion: AppendCompletion = {
      physicalOffset: 0,
      queueOffset: 0,
      storeTimestamp: 0,
      physicalOffsets: undefined,
      waitForFlush: true,
      appended: (outcome) => {
        if (outcome === AppendOutcome.failed) reject(new Refusal(ResponseCode.systemError, 'the message could not be stored'));
        else resolve();
      },
    };
    const status = store.append(message, completion);
    if (status !== AppendStatus.accepted) reject(new Refusal(ResponseCode.systemError, `the message could not be stored: ${statusName(status)}`));
  });
}

function statusName(status: AppendStatus): string {
  return Object.entries(AppendStatus).find(([, value]) => value === status)?.[0] ?? String(status);
}
