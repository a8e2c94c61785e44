// Suites about the storage engine. Each keeps to the same pattern as those in suites.mjs.
import { createTopic } from '@kitemq/tool-targets';

import { brokerState, countSyncs } from './broker-state.mjs';
import { higher, lower } from './table.mjs';
import { wireRun } from './wire-process.mjs';

/**
 * @typedef {import('@kitemq/tool-targets').Cluster} Cluster
 * @typedef {import('./suites.mjs').Suite} Suite
 * @typedef {import('./table.mjs').Metric} Metric
 */

const QUEUES = 8;
const MANY_TOPICS = 1000;
/** Topics made at a time. */
const CREATED_AT_ONCE = 8;

let topics = 0;

/** @param {Cluster} cluster @param {number} [queues] */
async function newTopic(cluster, queues = QUEUES) {
  topics += 1;
  const topic = `store_${topics}`;
  await createTopic(cluster, topic, queues);
  return topic;
}

/** @param {Cluster} cluster @param {string} topic @param {number} seconds */
const fill = (cluster, topic, seconds) => wireRun(cluster, ['--mode', 'closed', '--topic', topic, '--seconds', `${seconds}`, '--warm', '0', '--kind', 'binary']);

/**
 * What a closed loop of sends costs the disk and the event loop besides.
 * @type {Suite}
 */
export async function disk(cluster, { seconds, warmSeconds, label }) {
  const topic = await newTopic(cluster);
  await fill(cluster, topic, warmSeconds);
  const before = await brokerState(cluster);
  const syncs = countSyncs(cluster.broker.pid);
  const r = await wireRun(cluster, ['--mode', 'closed', '--topic', topic, '--seconds', `${seconds}`, '--warm', '0', '--kind', 'binary']);
  const syncCount = await syncs();
  const after = await brokerState(cluster);
  const what = `send 1 KiB, 4 × 64 in flight, ${label}`;
  /** @type {[Metric, number][]} */
  const rows = [
    [lower(`${what}: written per byte of record`, 'bytes'), (r.writtenBytes * r.messages) / (after.logEnd - before.logEnd)],
    [lower(`${what}: written per byte of body`, 'bytes'), r.writtenBytes / 1024],
    [lower(`${what}: fsync, fdatasync, msync`, '1/s'), syncCount / seconds],
  ];
  if (cluster.options.target === 'kitemq') rows.push([lower(`${what}: event loop delay p99.9`, 'ms'), after.loopDelayP999]);
  return rows;
}

/** Small and large bodies. @type {Suite} */
export async function sizes(cluster, { seconds, warmSeconds, label }) {
  /** @type {[Metric, number][]} */
  const rows = [];
  for (const [bytes, text] of /** @type {const} */ ([
    [100, '100 B'],
    [10_240, '10 KiB'],
  ])) {
    const r = await wireRun(cluster, ['--mode', 'closed', '--topic', await newTopic(cluster), '--body', `${bytes}`, '--seconds', `${seconds}`, '--warm', `${warmSeconds}`]);
    const what = `send ${text}, 4 × 64 in flight, json header, ${label}`;
    rows.push([higher(what, 'msg/s'), r.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs], [lower(`${what}: p99`, 'ms'), r.latencyUs.p99 / 1000]);
  }
  return rows;
}

/** Made once for each cluster. @type {WeakMap<Cluster, Promise<string>>} */
const manyTopics = new WeakMap();

/** @param {Cluster} cluster @returns {Promise<string>} the beginning of the names */
function madeManyTopics(cluster) {
  let made = manyTopics.get(cluster);
  if (made === undefined) {
    made = (async () => {
      // Named as wire.mjs names them.
      const names = Array.from({ length: MANY_TOPICS }, (_, index) => `many_${index}`);
      for (let at = 0; at < names.length; at += CREATED_AT_ONCE) await Promise.all(names.slice(at, at + CREATED_AT_ONCE).map((name) => createTopic(cluster, name, QUEUES)));
      return 'many';
    })();
    manyTopics.set(cluster, made);
  }
  return made;
}

/** 1 000 topics of 8 queues instead of one. @type {Suite} */
export async function topicsSuite(cluster, { seconds, warmSeconds, label }) {
  const topic = await madeManyTopics(cluster);
  const r = await wireRun(cluster, ['--mode', 'closed', '--topic', topic, '--topics', `${MANY_TOPICS}`, '--seconds', `${seconds}`, '--warm', `${warmSeconds}`]);
  const what = `send 1 KiB to ${MANY_TOPICS} topics, 4 × 64 in flight, json header, ${label}`;
  return [
    [higher(what, 'msg/s'), r.perSecond],
    [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs],
    [lower(`${what}: p99`, 'ms'), r.latencyUs.p99 / 1000],
  ];
}

/** A rate at which all that is sent stays in memory for the time of the measurement. */
const HOT_RATE = 8_000;
const HOT_SECONDS = 2;

/** Pulling what was written last: 20 MB, over and over. @type {Suite} */
export async function hot(cluster, { seconds, label }) {
  const topic = await newTopic(cluster);
  await wireRun(cluster, ['--mode', 'open', '--topic', topic, '--rate', `${HOT_RATE}`, '--seconds', `${HOT_SECONDS}`, '--warm', '0']);
  /** @type {[Metric, number][]} */
  const rows = [];
  for (const kind of ['json', 'binary']) {
    const r = await wireRun(cluster, ['--mode', 'backlog', '--topic', topic, '--kind', kind, '--seconds', `${seconds}`]);
    const what = `pull the tail of 1 KiB, 32 at once, ${kind} header, ${label}`;
    rows.push([higher(what, 'msg/s'), r.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs]);
  }
  return rows;
}

/**
 * Sends alone, then the same beside 8 readers that catch up on another topic's backlog.
 * With two cores the readers' own process wants some of what the sends have alone, for both brokers alike.
 * @type {Suite}
 */
export async function beside(cluster, { seconds, rate, label }) {
  const backlog = await newTopic(cluster);
  await fill(cluster, backlog, 4);
  const topic = await newTopic(cluster);
  const open = ['--mode', 'open', '--topic', topic, '--rate', `${rate}`, '--seconds', `${seconds}`, '--warm', '1'];
  const closed = ['--mode', 'closed', '--topic', topic, '--seconds', `${seconds}`, '--warm', '1'];
  const alone = { open: await wireRun(cluster, open), closed: await wireRun(cluster, closed) };
  /** @param {string[]} args */
  const withReaders = async (args) => {
    const [sends, reads] = await Promise.all([wireRun(cluster, args), wireRun(cluster, ['--mode', 'backlog', '--topic', backlog, '--seconds', `${seconds + 1}`])]);
    return { sends, reads };
  };
  const openBeside = await withReaders(open);
  await brokerState(cluster);
  const closedBeside = await withReaders(closed);
  const { loopDelayP999 } = await brokerState(cluster);
  /** @type {[Metric, number][]} */
  const rows = [
    [lower(`send 1 KiB at ${rate}/s, ${label}: p99`, 'ms'), alone.open.latencyUs.p99 / 1000],
    [lower(`send 1 KiB at ${rate}/s beside 8 readers of a backlog, ${label}: p99`, 'ms'), openBeside.sends.latencyUs.p99 / 1000],
    [higher(`send 1 KiB at ${rate}/s beside 8 readers of a backlog, ${label}: the readers`, 'msg/s'), openBeside.reads.perSecond],
    [higher(`send 1 KiB, 4 × 64 in flight, beside 8 readers of a backlog, ${label}`, 'msg/s'), closedBeside.sends.perSecond],
    [higher(`send 1 KiB, 4 × 64 in flight, beside 8 readers of a backlog, ${label}: of the rate without`, '%'), (100 * closedBeside.sends.perSecond) / alone.closed.perSecond],
    [higher(`send 1 KiB, 4 × 64 in flight, beside 8 readers of a backlog, ${label}: the readers`, 'msg/s'), closedBeside.reads.perSecond],
  ];
  if (cluster.options.target === 'kitemq') rows.push([lower(`send 1 KiB, 4 × 64 in flight, beside 8 readers of a backlog, ${label}: event loop delay p99.9`, 'ms'), loopDelayP999]);
  return rows;
}

/** @type {Record<string, Suite>} */
export const storeSuites = { disk, sizes, topics: topicsSuite, hot, beside };
