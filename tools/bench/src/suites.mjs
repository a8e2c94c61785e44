import { createTopic, procStats, Wire } from '@kitemq/tool-targets';

import { cores } from './cores-suite.mjs';
import { javaBenchmark } from './java-bench.mjs';
import { startTimes } from './start-time.mjs';
import { storeSuites } from './store-suites.mjs';
import { higher, lower } from './table.mjs';
import { wireRun } from './wire-process.mjs';

/**
 * @typedef {import('@kitemq/tool-targets').Cluster} Cluster
 * @typedef {import('./table.mjs').Metric} Metric
 * @typedef {{ seconds: number, warmSeconds: number, javaSeconds: number, idleSeconds: number, rate: number, label: string, pair: number }} SuiteOptions
 * @typedef {(cluster: Cluster, options: SuiteOptions) => Promise<[Metric, number][]>} Suite
 */

const QUEUES = 8;
const GET_MAX_OFFSET = 30;

let topics = 0;

/** A topic of its own per measurement, so that none reads or appends to what another made. @param {Cluster} cluster */
async function newTopic(cluster) {
  topics += 1;
  const topic = `bench_${topics}`;
  await createTopic(cluster, topic, QUEUES);
  return topic;
}

/** @param {Cluster} cluster @param {SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function sends(cluster, { seconds, warmSeconds, label }) {
  /** @type {[Metric, number][]} */
  const rows = [];
  for (const kind of ['json', 'binary']) {
    const r = await wireRun(cluster, ['--mode', 'closed', '--topic', await newTopic(cluster), '--kind', kind, '--seconds', `${seconds}`, '--warm', `${warmSeconds}`]);
    const what = `send 1 KiB, 4 × 64 in flight, ${kind} header, ${label}`;
    rows.push(
      [higher(what, 'msg/s'), r.perSecond],
      [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs],
      [lower(`${what}: p99`, 'ms'), r.latencyUs.p99 / 1000],
      [lower(`${what}: written`, 'bytes/msg'), r.writtenBytes],
    );
    if (r.failed > 0) rows.push([lower(`${what}: refused`, '%'), (100 * r.failed) / (r.failed + r.messages)]);
  }
  rows.push([lower(`RSS under send load, ${label}`, 'MiB'), procStats(cluster.broker.pid).rssBytes / 2 ** 20]);
  return rows;
}

/** @param {Cluster} cluster @param {SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function single(cluster, { seconds, label }) {
  const r = await wireRun(cluster, ['--mode', 'closed', '--topic', await newTopic(cluster), '--connections', '1', '--in-flight', '1', '--seconds', `${seconds}`, '--warm', '1']);
  const what = `send 1 KiB, 1 in flight, ${label}`;
  return [
    [lower(`${what}: p50`, 'µs'), r.latencyUs.p50],
    [lower(`${what}: p99`, 'µs'), r.latencyUs.p99],
    [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs],
  ];
}

/** @param {Cluster} cluster @param {SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function open(cluster, { seconds, warmSeconds, rate, label }) {
  const r = await wireRun(cluster, ['--mode', 'open', '--rate', `${rate}`, '--topic', await newTopic(cluster), '--seconds', `${seconds}`, '--warm', `${warmSeconds}`]);
  const what = `send 1 KiB at ${rate}/s, from intended time, ${label}`;
  return [
    [lower(`${what}: p50`, 'ms'), r.latencyUs.p50 / 1000],
    [lower(`${what}: p99`, 'ms'), r.latencyUs.p99 / 1000],
    [lower(`${what}: p99.9`, 'ms'), r.latencyUs.p999 / 1000],
    [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs],
  ];
}

/** @param {Cluster} cluster @param {SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function pull(cluster, { seconds, label }) {
  const topic = await newTopic(cluster);
  await wireRun(cluster, ['--mode', 'closed', '--topic', topic, '--seconds', '4', '--warm', '0', '--kind', 'binary']);
  /** @type {[Metric, number][]} */
  const rows = [];
  for (const kind of ['json', 'binary']) {
    const r = await wireRun(cluster, ['--mode', 'backlog', '--topic', topic, '--kind', kind, '--seconds', `${seconds}`]);
    const what = `pull a backlog of 1 KiB, 32 at once, ${kind} header, ${label}`;
    rows.push([higher(what, 'msg/s'), r.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs]);
  }
  return rows;
}

/** @param {Cluster} cluster @param {SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function tail(cluster, { seconds, rate, label }) {
  const topic = await newTopic(cluster);
  const offsets = await queueEnds(cluster, topic);
  const r = await wireRun(cluster, ['--mode', 'tail', '--rate', `${rate}`, '--topic', topic, '--seconds', `${seconds}`, '--start-offsets', offsets.join(',')]);
  const what = `send at ${rate}/s to a waiting consumer, ${label}`;
  return [
    [lower(`${what}: p50`, 'ms'), r.latencyUs.p50 / 1000],
    [lower(`${what}: p99`, 'ms'), r.latencyUs.p99 / 1000],
    [lower(`${what}: broker CPU`, 'µs/msg'), r.brokerCpuUs],
  ];
}

/** @param {Cluster} cluster @param {string} topic */
async function queueEnds(cluster, topic) {
  const wire = await Wire.connect(cluster.brokerAddr);
  /** @type {number[]} */
  const ends = [];
  for (let queueId = 0; queueId < QUEUES; queueId += 1) ends.push(Number((await wire.request(GET_MAX_OFFSET, { topic, queueId })).extFields['offset']));
  wire.close();
  return ends;
}

/** @param {Cluster} cluster @param {SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function java(cluster, { javaSeconds, label }) {
  const produce = await javaBenchmark(cluster, { topic: await newTopic(cluster), queues: QUEUES, warmSeconds: 10, seconds: javaSeconds, consume: false });
  const both = await javaBenchmark(cluster, { topic: await newTopic(cluster), queues: QUEUES, warmSeconds: 10, seconds: javaSeconds, consume: true });
  const what = `Apache's benchmark, 64 threads, 1 KiB, ${label}`;
  return [
    [higher(`${what}: producer`, 'msg/s'), produce.perSecond],
    [lower(`${what}: producer: broker CPU`, 'µs/msg'), produce.brokerCpuUs],
    [lower(`${what}: producer: average`, 'ms'), produce.averageMs],
    [higher(`${what}: producer beside consumer`, 'msg/s'), both.perSecond],
    [higher(`${what}: consumer`, 'msg/s'), both.consumedPerSecond],
    [lower(`${what}: both: broker CPU`, 'µs/msg'), both.brokerCpuUs],
    [lower(`${what}: RSS`, 'MiB'), both.rssBytes / 2 ** 20],
  ];
}

/** Suites that measure a warmed cluster, once per pair and flush mode. @type {Record<string, Suite>} */
export const loadSuites = { java, sends, single, open, pull, tail, ...storeSuites, cores };

/**
 * Start and idle memory: brokers of their own, not the warmed ones.
 * @param {'kitemq' | 'apache'} target @param {SuiteOptions} options @returns {Promise<[Metric, number][]>}
 */
export async function startSuite(target, { idleSeconds }) {
  const fill = async (/** @type {Cluster} */ cluster) => {
    await wireRun(cluster, ['--mode', 'closed', '--topic', await newTopic(cluster), '--seconds', '3', '--warm', '0', '--kind', 'binary']);
  };
  const { empty, filled, killed, idleRssBytes } = await startTimes(target, { idleSeconds, fill });
  return [
    [lower('start: spawn to first accepted connection', 'ms'), empty.acceptMs],
    [lower('start: spawn to routed and first send stored', 'ms'), empty.sendMs],
    [lower('start on a store with data, after a clean stop: to first send', 'ms'), filled.sendMs],
    [lower('start on a store with data, after kill -9: to first send', 'ms'), killed.sendMs],
    [lower('RSS idle', 'MiB'), idleRssBytes / 2 ** 20],
  ];
}
