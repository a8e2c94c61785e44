import type { Commands, SubscriptionGroupConfig } from '@kitemq/protocol';
import { groupNameProblem, ResponseCode, SubscriptionGroupConfig as SubscriptionGroupBody } from '@kitemq/protocol';
import { Refusal } from '../answer.ts';
import type { Answer, Call } from '../answer.ts';
import type { BrokerContext } from '../broker-context.ts';
import type { OffsetResets } from '../offsets/offset-resets.ts';
import type { PullOffsets } from '../pull/pull-offsets.ts';
import { sameVersionText } from '../topics/topic-processors.ts';
import { groupConfig } from './group-config.ts';
import type { GroupConfig } from './group-config.ts';

const pageMax = 2_000;
/** Apache keeps what is forbidden as bits; this one is reading. */
const forbiddenBit = 4;

/** A group as bodies carry it. */
function toWire(config: GroupConfig): SubscriptionGroupConfig {
  const { groupRetryPolicy, subscriptionDataSet, attributes, ...plain } = config;
  return SubscriptionGroupBody.create({
    ...plain,
    attributes: new Map(Object.entries(attributes)),
    ...(groupRetryPolicy === undefined ? {} : { groupRetryPolicy: groupRetryPolicy as SubscriptionGroupConfig['groupRetryPolicy'] }),
    ...(subscriptionDataSet === undefined ? {} : { subscriptionDataSet: subscriptionDataSet as SubscriptionGroupConfig['subscriptionDataSet'] }),
  });
}

/** A group from a body; attributes come with their sign. */
function fromWire(wire: SubscriptionGroupConfig, current: GroupConfig | undefined): GroupConfig {
  const nameError = groupNameProblem(wire.groupName);
  if (nameError !== undefined) throw new Refusal(ResponseCode.invalidParameter, nameError);
  if (wire.retryQueueNums < 0 || wire.retryQueueNums > 1_024) throw new Refusal(ResponseCode.invalidParameter, 'A group has from 0 to 1024 retry queues.');
  const attributes: Record<string, string> = { ...current?.attributes };
  for (const [key, value] of wire.attributes) {
    if (key.startsWith('-')) delete attributes[key.slice(1)];
    else attributes[key.startsWith('+') ? key.slice(1) : key] = value;
  }
  return groupConfig(wire.groupName, { ...wire, attributes });
}

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200) */
export async function createGroup({ groups }: BrokerContext, { body }: Call<typeof Commands.updateAndCreateSubscriptionGroup>): Promise<Answer<typeof Commands.updateAndCreateSubscriptionGroup>> {
  await groups.put(fromWire(body, groups.get(body.groupName)?.config));
  return {};
}

/** UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225): all or none. */
export async function createGroups({ groups }: BrokerContext, { body }: Call<typeof Commands.updateAndCreateSubscriptionGroupList>): Promise<Answer<typeof Commands.updateAndCreateSubscriptionGroupList>> {
  if (body.groupConfigList.length > pageMax) throw new Refusal(ResponseCode.invalidParameter, `At most ${pageMax} groups at a time.`);
  const configs = body.groupConfigList.map((wire) => fromWire(wire, groups.get(wire.groupName)?.config));
  await Promise.all(configs.map((config) => groups.put(config)));
  return {};
}

/** GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201): all, or a page in order of names. */
export function allGroups({ groups }: BrokerContext, { header, request }: Call<typeof Commands.getAllSubscriptionGroupConfig>): Answer<typeof Commands.getAllSubscriptionGroupConfig> {
  const dataVersion = groups.version;
  let entries = [...groups.entries()];
  const totalGroupNum = entries.length;
  if (request.ext('groupSeq') !== undefined) {
    entries.sort((a, b) => (a.config.groupName < b.config.groupName ? -1 : 1));
    const current = header.dataVersion !== undefined && header.dataVersion !== '' && sameVersionText(header.dataVersion, dataVersion);
    const from = current ? Math.max(0, header.groupSeq) : 0;
    entries = entries.slice(from, from + Math.max(1, Math.min(pageMax, header.maxGroupNum ?? pageMax)));
  }
  const forbidden = entries.filter((entry) => entry.forbiddenTopics !== undefined);
  return {
    header: { totalGroupNum },
    body: {
      subscriptionGroupTable: new Map(entries.map(({ config }) => [config.groupName, toWire(config)])),
      forbiddenTable: new Map(forbidden.map((entry) => [entry.config.groupName, new Map(Array.from(entry.forbiddenTopics!, (topic) => [topic, forbiddenBit]))])),
      dataVersion,
    },
  };
}

/** GET_SUBSCRIPTIONGROUP_CONFIG (352) */
export function oneGroup({ groups }: BrokerContext, { header }: Call<typeof Commands.getSubscriptionGroupConfig>): Answer<typeof Commands.getSubscriptionGroupConfig> {
  const entry = groups.get(header.group);
  if (entry === undefined) throw new Refusal(ResponseCode.subscriptionGroupNotExist, `No group in this broker. group: ${header.group}`);
  return { body: toWire(entry.config) };
}

/** DELETE_SUBSCRIPTIONGROUP (207) */
export async function deleteGroup(
  { groups, store }: BrokerContext,
  tables: { resets: OffsetResets; pullOffsets: PullOffsets },
  { header }: Call<typeof Commands.deleteSubscriptionGroup>,
): Promise<Answer<typeof Commands.deleteSubscriptionGroup>> {
  await groups.remove(header.groupName);
  if (header.cleanOffset === true) {
    tables.resets.removeGroup(header.groupName);
    tables.pullOffsets.removeGroup(header.groupName);
    await store.consumerOffsets.removeGroup(header.groupName);
  }
  return {};
}

/** UPDATE_AND_GET_GROUP_FORBIDDEN (353): without `readable` it only tells. */
export async function groupForbidden({ groups }: BrokerContext, { header }: Call<typeof Commands.updateAndGetGroupForbidden>): Promise<Answer<typeof Commands.updateAndGetGroupForbidden>> {
  const { group, topic, readable } = header;
  const entry = groups.get(group);
  if (readable !== undefined) {
    if (entry === undefined) throw new Refusal(ResponseCode.subscriptionGroupNotExist, `No group in this broker. group: ${group}`);
    await groups.setForbidden(entry, topic, !readable);
  }
  return { body: { group, topic, readable: entry?.forbiddenTopics?.has(topic) !== true } };
}
