import { ConsumerOffsetSerializeWrapper, DelayOffsetSerializeWrapper, SubscriptionGroupConfig, SubscriptionGroupWrapper, TopicConfig, TopicConfigSerializeWrapper } from '@kitemq/protocol';
import type { LogStore } from '@kitemq/store';
import { readGroupConfig } from '../subscription-groups/group-config.ts';
import { readTableVersion } from '../topics/data-version.ts';
import { readTopicConfig } from '../topics/topic-config.ts';
import { readForbiddenBit } from './topics-and-groups.ts';

/** What the store keeps as settings and offsets, as the files of an Apache broker's `config/`. */
export function apacheConfigFiles(store: LogStore): Map<string, Uint8Array> {
  return new Map<string, Uint8Array>([
    ['topics.json', topicsFile(store)],
    ['subscriptionGroup.json', groupsFile(store)],
    ['consumerOffset.json', offsetsFile(store)],
    ['delayOffset.json', delaysFile(store)],
  ]);
}

function topicsFile({ settings }: LogStore): Uint8Array {
  const topicConfigTable = new Map<string, TopicConfig>();
  for (const [name, value] of settings.entries('topic')) {
    const topic = readTopicConfig(value);
    if (topic !== undefined) topicConfigTable.set(name, TopicConfig.create({ ...topic, attributes: new Map(Object.entries(topic.attributes)) }));
  }
  return TopicConfigSerializeWrapper.encode({ topicConfigTable, dataVersion: readTableVersion(settings.get('tableVersion', 'topic')) }) as Uint8Array;
}

function groupsFile({ settings }: LogStore): Uint8Array {
  const subscriptionGroupTable = new Map<string, SubscriptionGroupConfig>();
  for (const [name, value] of settings.entries('group')) {
    const group = readGroupConfig(value);
    if (group === undefined) continue;
    const { attributes, ...same } = group;
    subscriptionGroupTable.set(name, SubscriptionGroupConfig.create({ ...(same as Partial<SubscriptionGroupConfig>), attributes: new Map(Object.entries(attributes)) }));
  }
  const forbiddenTable = new Map<string, Map<string, number>>();
  for (const [group, topics] of settings.entries('groupForbidden')) {
    if (Array.isArray(topics)) forbiddenTable.set(group, new Map(topics.map((topic) => [String(topic), readForbiddenBit])));
  }
  return SubscriptionGroupWrapper.encode({ subscriptionGroupTable, forbiddenTable, dataVersion: readTableVersion(settings.get('tableVersion', 'group')) }) as Uint8Array;
}

function offsetsFile(store: LogStore): Uint8Array {
  const { settings, consumerOffsets } = store;
  const offsetTable = new Map<string, Map<number, number>>();
  const topics = new Set(Array.from(settings.entries('topic'), ([name]) => name));
  for (const { topic } of store.queues()) topics.add(topic);
  for (const topic of topics) {
    for (const group of consumerOffsets.groupsOf(topic)) offsetTable.set(`${topic}@${group}`, new Map(consumerOffsets.ofQueue(group, topic)));
  }
  return ConsumerOffsetSerializeWrapper.encode(ConsumerOffsetSerializeWrapper.create({ offsetTable })) as Uint8Array;
}

/** Levels count from 1. */
function delaysFile({ settings }: LogStore): Uint8Array {
  const offsets = settings.get('schedule', 'offsets');
  const known = Array.isArray(offsets) ? offsets.map((offset, index) => [index + 1, Number(offset)] as const) : [];
  return DelayOffsetSerializeWrapper.encode(DelayOffsetSerializeWrapper.create({ offsetTable: new Map(known.filter(([, offset]) => Number.isSafeInteger(offset))) })) as Uint8Array;
}
