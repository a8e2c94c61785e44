import { isSystemTopic, TopicNames } from '@kitemq/protocol';
import type { Carried, LogStore } from '@kitemq/store';
import type { ApacheConfig } from './apache-config.ts';
import { carriedForbidden, carriedGroups, carriedTopics, topicsOfQueues } from './topics-and-groups.ts';

/** Changes of settings that wait for the disk together. */
const inFlightMax = 1_000;

/**
 * Writes what an Apache broker kept in JSON files into the store: topics, groups, consumer offsets, progress of delayed messages. The files count:
 * what the log says otherwise (it may be KiteMQ's own, exported and come back) is replaced.
 */
export async function carryOver(store: LogStore, config: ApacheConfig): Promise<Carried> {
  const notes = [...config.notes];
  const topics = config.topics === undefined ? topicsOfQueues(store.queues()) : carriedTopics(config);
  const groups = carriedGroups(config);
  const forbidden = carriedForbidden(config);
  await putAll(store, 'topic', topics.map((topic) => [topic.topicName, topic] as const));
  await putAll(store, 'group', groups.map((group) => [group.groupName, group] as const));
  await putAll(store, 'groupForbidden', [...forbidden]);
  if (config.topics !== undefined) await store.settings.put('tableVersion', 'topic', { ...config.topics.dataVersion });
  if (config.groups !== undefined) await store.settings.put('tableVersion', 'group', { ...config.groups.dataVersion });
  const offsets = await carryOffsets(store, config, new Set(topics.map(({ topicName }) => topicName)));
  const delayed = await carryDelays(store, config);
  notes.push(...offsets.notes, ...delayed.notes);
  return { counts: { topics: topics.length, groups: groups.length, offsets: offsets.count, delayedPending: delayed.pending }, notes };
}

async function putAll(store: LogStore, kind: string, all: ReadonlyArray<readonly [key: string, value: unknown]>): Promise<void> {
  const wanted = new Set(all.map(([key]) => key));
  for (const [key] of store.settings.entries(kind)) if (!wanted.has(key)) await store.settings.remove(kind, key);
  for (let at = 0; at < all.length; at += inFlightMax) await Promise.all(all.slice(at, at + inFlightMax).map(([key, value]) => store.settings.put(kind, key, value)));
}

interface CarriedOffsets {
  readonly count: number;
  readonly notes: readonly string[];
}

interface CommittedOffset {
  readonly topic: string;
  readonly group: string;
  readonly queueId: number;
  readonly offset: number;
}

function* committedOffsets(config: ApacheConfig): Iterable<CommittedOffset> {
  for (const [key, byQueue] of config.offsets?.offsetTable ?? []) {
    const at = key.indexOf('@');
    if (at <= 0 || at === key.length - 1) continue;
    for (const [queueId, offset] of byQueue) yield { topic: key.slice(0, at), group: key.slice(at + 1), queueId, offset };
  }
}

async function carryOffsets(store: LogStore, config: ApacheConfig, topics: ReadonlySet<string>): Promise<CarriedOffsets> {
  const notes: string[] = [];
  await removeStaleGroups(store, config);
  await beginEmptyQueues(store, config, topics);
  let count = 0;
  let unknown = 0;
  let beyond = 0;
  for (const { topic, group, queueId, offset } of committedOffsets(config)) {
    const max = store.maxOffset(topic, queueId);
    if ((max === 0 && !topics.has(topic) && !isSystemTopic(topic)) || offset < 0 || queueId < 0) {
      unknown++;
      continue;
    }
    if (offset > max) beyond++;
    store.consumerOffsets.commit(group, topic, queueId, Math.min(offset, max));
    count++;
  }
  await store.consumerOffsets.flush();
  if (config.offsets === undefined) notes.push('there is no config/consumerOffset.json: groups begin as new ones do');
  if (unknown > 0) notes.push(`${unknown} consumer offsets are of topics that no longer exist, or are no offsets, and are left out`);
  if (beyond > 0) notes.push(`${beyond} consumer offsets were beyond the end of their queues and are set to the end`);
  return { count, notes };
}

/** Groups that only the log knows were removed while Apache ran. */
async function removeStaleGroups(store: LogStore, config: ApacheConfig): Promise<void> {
  if (config.offsets === undefined) return;
  const kept = new Set(Array.from(config.offsets.offsetTable.keys(), (key) => key.slice(key.indexOf('@') + 1)));
  const topics = new Set(Array.from(store.queues(), ({ topic }) => topic));
  const stale = new Set([...topics].flatMap((topic) => store.consumerOffsets.groupsOf(topic)).filter((group) => !kept.has(group)));
  for (const group of stale) await store.consumerOffsets.removeGroup(group);
}

/** A queue without messages that a group has consumed goes on where the farthest group is, so that no group misses what comes next. */
async function beginEmptyQueues(store: LogStore, config: ApacheConfig, topics: ReadonlySet<string>): Promise<void> {
  const farthest = new Map<string, CommittedOffset>();
  for (const committed of committedOffsets(config)) {
    const { topic, queueId, offset } = committed;
    if (!topics.has(topic) || queueId < 0 || offset <= 0 || store.maxOffset(topic, queueId) > 0) continue;
    const key = `${queueId} ${topic}`;
    if ((farthest.get(key)?.offset ?? 0) < offset) farthest.set(key, committed);
  }
  await Promise.all(Array.from(farthest.values(), ({ topic, queueId, offset }) => store.beginQueue(topic, queueId, offset)));
}

async function carryDelays(store: LogStore, config: ApacheConfig): Promise<{ readonly pending: number; readonly notes: readonly string[] }> {
  const levels = Array.from(store.queues(TopicNames.schedule), ({ queueId }) => queueId);
  const offsets: number[] = [];
  let pending = 0;
  for (const [level, offset] of config.delayOffsets?.offsetTable ?? []) if (level >= 1 && level <= 256) offsets[level - 1] = offset;
  for (let index = 0; index < Math.max(offsets.length, ...levels.map((queueId) => queueId + 1)); index++) {
    const [min, max] = [store.minOffset(TopicNames.schedule, index), store.maxOffset(TopicNames.schedule, index)];
    offsets[index] = Math.max(min, Math.min(max, offsets[index] ?? 0));
    pending += max - (offsets[index] as number);
  }
  if (offsets.length > 0) await store.settings.put('schedule', 'offsets', offsets);
  const notes = config.delayOffsets === undefined && pending > 0 ? ['there is no config/delayOffset.json: all delayed messages in the log are delivered, perhaps once more'] : [];
  return { pending, notes };
}
