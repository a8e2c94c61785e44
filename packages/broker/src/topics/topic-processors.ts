import type { Commands, TopicStatsTable } from '@kitemq/protocol';
import { isDlqTopic, isRetryTopic, MessageQueueMap, popRetryTopicOf, popRetryTopicV2Of, ResponseCode, topicNameProblem } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { BrokerSettings } from '../config/broker-settings.ts';
import type { Registration } from '../registration/registration.ts';
import { changeAttributes, TopicAttribute } from './topic-attributes.ts';
import { topicConfig } from './topic-config.ts';
import type { TopicConfig } from './topic-config.ts';
import { isBrokerTopic } from './topic-names.ts';
import { fromWire, toWire } from './topic-wire.ts';

/** Most queues of a topic (ours: a route lists each). */
export const topicQueuesMax = 65_536;
/** Most topics of one page (21), and of one list (18). */
const pageMax = 2_000;

/** A topic can promise more than its broker, never less; `ASYNC` that was set before the broker became a synchronous one means nothing and may stay. */
function checkFlushMode(config: BrokerSettings, topic: TopicConfig, current: TopicConfig | undefined): void {
  const name = TopicAttribute.flushMode;
  if (config.flushDiskType !== 'SYNC_FLUSH' || topic.attributes[name] !== 'ASYNC' || current?.attributes[name] === 'ASYNC') return;
  throw new Refusal(ResponseCode.invalidParameter, `attribute ${name}=ASYNC is weaker than this broker's flushDiskType=SYNC_FLUSH: a topic can only promise more than its broker. Leave it out, or send with WAIT=false.`);
}

/** What readers have missed must be theirs to get: a compacted topic drops what has no key, and expired values would let older ones come up. */
function checkCompaction({ topicName, attributes }: TopicConfig): void {
  if (attributes['cleanup.policy'] !== 'COMPACTION') return;
  const refuse = (why: string): never => {
    throw new Refusal(ResponseCode.invalidParameter, `attribute cleanup.policy=COMPACTION does not fit ${topicName}: ${why}`);
  };
  if (isRetryTopic(topicName) || isDlqTopic(topicName)) refuse('retries and dead letters without KEYS would be lost.');
  if (Number(attributes[TopicAttribute.messageTtl] ?? 0) > 0) refuse(`its ${TopicAttribute.messageTtl} would hide the latest values. Leave one of them out.`);
}

function checkTopic({ config }: BrokerContext, topic: TopicConfig, current: TopicConfig | undefined): void {
  const nameError = topicNameProblem(topic.topicName);
  if (nameError !== undefined) throw new Refusal(ResponseCode.invalidParameter, nameError);
  if (config.validateSystemTopicWhenUpdateTopic && isBrokerTopic(topic.topicName, config)) {
    throw new Refusal(ResponseCode.invalidParameter, `The topic[${topic.topicName}] is conflict with system topic.`);
  }
  checkFlushMode(config, topic, current);
  checkCompaction(topic);
  for (const count of [topic.readQueueNums, topic.writeQueueNums]) {
    if (count < 0 || count > topicQueuesMax) throw new Refusal(ResponseCode.invalidParameter, `A topic has from 0 to ${topicQueuesMax} queues, not ${count}.`);
  }
  if (topic.perm < 0 || topic.perm > 7) throw new Refusal(ResponseCode.invalidParameter, `A permission is from 0 to 7, not ${topic.perm}.`);
}

/** UPDATE_AND_CREATE_TOPIC (17): answered when it is durable and the nameservers have been told (or did not answer soon). */
export async function createTopic(context: BrokerContext, registration: Registration, { header }: Call<typeof Commands.updateAndCreateTopic>): Promise<Answer<typeof Commands.updateAndCreateTopic>> {
  const current = context.topics.get(header.topic)?.config;
  const change = changeAttributes(header.attributes ?? '', current?.attributes);
  if ('error' in change) throw new Refusal(ResponseCode.systemError, change.error);
  const config = topicConfig(header.topic, 0, {
    readQueueNums: header.readQueueNums,
    writeQueueNums: header.writeQueueNums,
    perm: header.perm,
    topicFilterType: header.topicFilterType === 'MULTI_TAG' ? 'MULTI_TAG' : 'SINGLE_TAG',
    topicSysFlag: header.topicSysFlag ?? 0,
    order: header.order,
    attributes: change.attributes,
  });
  checkTopic(context, config, current);
  await context.topics.put(config);
  await registration.settled();
  return {};
}

/** UPDATE_AND_CREATE_TOPIC_LIST (18): all or none. */
export async function createTopics(context: BrokerContext, registration: Registration, { body }: Call<typeof Commands.updateAndCreateTopicList>): Promise<Answer<typeof Commands.updateAndCreateTopicList>> {
  if (body.topicConfigList.length > pageMax) throw new Refusal(ResponseCode.invalidParameter, `At most ${pageMax} topics at a time.`);
  const configs = body.topicConfigList.map((wire) => {
    const config = fromWire(wire);
    const current = context.topics.get(config.topicName)?.config;
    // In a list the attributes come as keys with their sign, `+message.type` → `FIFO`.
    const text = Object.entries(config.attributes).map(([key, value]) => (key.startsWith('-') ? key : `${key.startsWith('+') ? '' : '+'}${key}=${value}`));
    const change = changeAttributes(text.join(','), current?.attributes);
    if ('error' in change) throw new Refusal(ResponseCode.systemError, change.error);
    const checked = { ...config, attributes: change.attributes };
    checkTopic(context, checked, current);
    return checked;
  });
  await Promise.all(configs.map((config) => context.topics.put(config)));
  await registration.settled();
  return {};
}

/** DELETE_TOPIC_IN_BROKER (215): with its queues, its offsets, and the pop retry topics of its groups. */
export async function deleteTopic({ config, topics, store }: BrokerContext, { header }: Call<typeof Commands.deleteTopicInBroker>): Promise<Answer<typeof Commands.deleteTopicInBroker>> {
  const { topic } = header;
  if (topic.trim() === '') throw new Refusal(ResponseCode.invalidParameter, 'The topic is blank; give it a name.');
  if (config.validateSystemTopicWhenUpdateTopic && isBrokerTopic(topic, config)) {
    throw new Refusal(ResponseCode.invalidParameter, `The topic[${topic}] is conflict with system topic.`);
  }
  const names = [topic];
  if (config.clearRetryTopicWhenDeleteTopic) {
    for (const group of store.consumerOffsets.groupsOf(topic)) {
      for (const retry of [popRetryTopicOf(group, topic), popRetryTopicV2Of(group, topic)]) if (topics.get(retry) !== undefined) names.push(retry);
    }
  }
  for (const name of names) {
    await topics.remove(name);
    await Promise.all([store.removeTopic(name), store.consumerOffsets.removeTopic(name)]);
  }
  return {};
}

/** GET_ALL_TOPIC_CONFIG (21): all, or a page in order of names. */
export function allTopics({ topics }: BrokerContext, { header, request }: Call<typeof Commands.getAllTopicConfig>): Answer<typeof Commands.getAllTopicConfig> {
  const dataVersion = topics.version;
  let entries = [...topics.entries()];
  let totalTopicNum: number | undefined;
  if (request.ext('topicSeq') !== undefined) {
    entries.sort((a, b) => (a.config.topicName < b.config.topicName ? -1 : 1));
    totalTopicNum = entries.length;
    const current = header.dataVersion !== undefined && header.dataVersion !== '' && sameVersionText(header.dataVersion, dataVersion);
    const from = current ? Math.max(0, header.topicSeq) : 0;
    entries = entries.slice(from, from + Math.max(1, Math.min(pageMax, header.maxTopicNum ?? pageMax)));
  }
  return {
    header: { totalTopicNum },
    body: {
      topicConfigTable: new Map(entries.map(({ config }) => [config.topicName, toWire(config)])),
      dataVersion,
      topicQueueMappingInfoMap: new Map(),
      topicQueueMappingDetailMap: new Map(),
      mappingDataVersion: { stateVersion: 0, timestamp: 0, counter: 0 },
    },
  };
}

/** Whether the JSON text in a header is this version. */
export function sameVersionText(text: string, version: { stateVersion: number; timestamp: number; counter: number }): boolean {
  try {
    const told = JSON.parse(text) as Partial<typeof version> | null;
    return told?.stateVersion === version.stateVersion && told.timestamp === version.timestamp && told.counter === version.counter;
  } catch {
    return false;
  }
}

/** GET_TOPIC_CONFIG (351) */
export function oneTopic({ topics }: BrokerContext, { header }: Call<typeof Commands.getTopicConfig>): Answer<typeof Commands.getTopicConfig> {
  const entry = topics.get(header.topic);
  if (entry === undefined) throw new Refusal(ResponseCode.topicNotExist, `No topic in this broker. topic: ${header.topic}`);
  return { body: toWire(entry.config) };
}

/** GET_TOPIC_STATS_INFO (202): all queues, also empty ones. */
export async function topicStats({ topics, store, config }: BrokerContext, { header }: Call<typeof Commands.getTopicStatsInfo>): Promise<Answer<typeof Commands.getTopicStatsInfo>> {
  const entry = topics.get(header.topic);
  if (entry === undefined) throw new Refusal(ResponseCode.topicNotExist, `topic[${header.topic}] not exist`);
  const { topicName, readQueueNums, writeQueueNums } = entry.config;
  const offsetTable: TopicStatsTable['offsetTable'] = new MessageQueueMap();
  for (let queueId = 0; queueId < Math.max(readQueueNums, writeQueueNums); queueId++) {
    const minOffset = store.minOffset(topicName, queueId);
    const maxOffset = store.maxOffset(topicName, queueId);
    const last = maxOffset > 0 ? await store.storeTimeAt(topicName, queueId, maxOffset - 1) : -1;
    offsetTable.set({ topic: topicName, brokerName: config.brokerName, queueId }, { minOffset, maxOffset, lastUpdateTimestamp: Math.max(0, last) });
  }
  return { body: { topicPutTps: entry.putCount.window('minute').tps, offsetTable } };
}

/** GET_SYSTEM_TOPIC_LIST_FROM_BROKER (305) */
export function systemTopics({ topics, config, address }: BrokerContext): Answer<typeof Commands.getSystemTopicListFromBroker> {
  const topicList = Array.from(topics.entries(), ({ config: { topicName } }) => topicName).filter((name) => isBrokerTopic(name, config));
  return { body: { topicList, brokerAddr: address() } };
}

/** CLEAN_UNUSED_TOPIC (316): removes queues of topics that do not exist any more. */
export async function cleanUnusedTopics({ topics, store }: BrokerContext): Promise<Answer<typeof Commands.cleanUnusedTopic>> {
  const unknown = new Set<string>();
  for (const { topic } of store.queues()) if (topics.get(topic) === undefined) unknown.add(topic);
  await Promise.all(Array.from(unknown, (topic) => store.removeTopic(topic)));
  return {};
}
