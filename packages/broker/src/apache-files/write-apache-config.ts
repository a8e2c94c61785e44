import { ConsumerOffsetSerializeWrapper, DelayOffsetSerializeWrapper, SubscriptionGroupConfig, SubscriptionGroupWrapper, TopicConfig, TopicConfigSerializeWrapper, TopicNames } from '@kitemq/protocol';
import type { ExportedTables, LogStore } from '@kitemq/store';
import { readGroupConfig } from '../subscription-groups/group-config.ts';
import { readTableVersion } from '../topics/data-version.ts';
import { readTopicConfig } from '../topics/topic-config.ts';
import { readForbiddenBit } from './topics-and-groups.ts';

/**
 * What the store keeps as settings and offsets, as the files of an Apache broker's `config/`. Apache numbers a queue of which the log has no
 * message from 0 again, so offsets of such queues are left out.
 */
export function apacheConfigFiles(store: LogStore): ExportedTables {
  const files = new Map<string, Uint8Array>([
    ['topics.json', topicsFile(store)],
    ['subscriptionGroup.json', groupsFile(store)],
    ['consumerOffset.json', offsetsFile(store)],
    ['delayOffset.json', delaysFile(store)],
  ]);
  const emptied = Array.from(store.queues()).filter(({ topic, queueId }) => isEmptied(store, topic, queueId)).length;
  return { files, notes: emptied === 0 ? [] : [`${emptied} queues have lost all their messages to retention; Apache counts their offsets from 0 again`] };
}

function isEmptied(store: LogStore, topic: string, queueId: number): boolean {
  return store.minOffset(topic, queueId) === store.maxOffset(topic, queueId);
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
    for (const group of consumerOffsets.groupsOf(topic)) {
      const known = Array.from(consumerOffsets.ofQueue(group, topic)).filter(([queueId]) => !isEmptied(store, topic, queueId));
      if (known.length > 0) offsetTable.set(`${topic}@${group}`, new Map(known));
    }
  }
  return ConsumerOffsetSerializeWrapper.encode(ConsumerOffsetSerializeWrapper.create({ offsetTable })) as Uint8Array;
}

/** Levels count from 1. */
function delaysFile(store: LogStore): Uint8Array {
  const offsets = store.settings.get('schedule', 'offsets');
  const offsetTable = new Map<number, number>();
  for (const [index, offset] of (Array.isArray(offsets) ? offsets : []).entries()) {
    if (Number.isSafeInteger(offset)) offsetTable.set(index + 1, isEmptied(store, TopicNames.schedule, index) ? 0 : Number(offset));
  }
  return DelayOffsetSerializeWrapper.encode(DelayOffsetSerializeWrapper.create({ offsetTable })) as Uint8Array;
}
