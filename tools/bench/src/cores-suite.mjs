// What one broker process makes of all cores: Apache has threads, KiteMQ gets a shard for each core.
import os from 'node:os';

import { createTopic, startCluster } from '@kitemq/tool-targets';

import { wireRun } from './wire-process.mjs';

/**
 * @typedef {import('@kitemq/tool-targets').Cluster} Cluster
 * @typedef {import('./suites.mjs').Suite} Suite
 * @typedef {import('./table.mjs').Metric} Metric
 */

const QUEUES = 8;
const PORT_STEP = 10;
const WARM_SECONDS = 5;
const FILL_SECONDS = 4;

/** @param {string} name @param {string} unit @returns {Metric} */
const higher = (name, unit) => ({ name, unit, better: 'higher' });
/** @param {string} name @param {string} unit @returns {Metric} */
const lower = (name, unit) => ({ name, unit, better: 'lower' });

let topics = 0;

/** As many generators for either broker, each with a shard of its own where there are several. */
class SpreadLoad {
  /** @param {Cluster} cluster @param {number} shards */
  constructor(cluster, shards) {
    this.cluster = cluster;
    this.addresses = Array.from({ length: shards }, (_, shard) => `127.0.0.1:${cluster.brokerPort + shard * PORT_STEP}`);
  }

  async newTopic() {
    topics += 1;
    const topic = `cores_${topics}`;
    for (const brokerAddr of this.addresses) await createTopic({ brokerAddr, namesrvAddr: this.cluster.namesrvAddr }, topic, QUEUES);
    return topic;
  }

  /** @param {string[]} args of wire.mjs @param {number} seconds measured */
  async run(args, seconds) {
    const generators = os.cpus().map((_, index) => wireRun(this.cluster, [...args, '--seconds', `${seconds}`, '--broker', this.addresses[index % this.addresses.length] ?? '']));
    const results = await Promise.all(generators);
    const messages = results.reduce((sum, result) => sum + result.messages, 0);
    // Each generator divides the CPU time of the same process by its own messages.
    const cpuUs = results.reduce((sum, result) => sum + result.brokerCpuUs * result.messages, 0) / results.length;
    return { perSecond: results.reduce((sum, result) => sum + result.perSecond, 0), cpuUs: cpuUs / messages, p99Us: Math.max(...results.map(({ latencyUs }) => latencyUs?.p99 ?? Number.NaN)) };
  }
}

/** @param {SpreadLoad} load @param {import('./suites.mjs').SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function measured(load, { seconds, label }) {
  const generators = `${os.cpus().length} generators, all cores`;
  const topic = await load.newTopic();
  await load.run(['--mode', 'closed', '--topic', topic, '--warm', '0'], WARM_SECONDS);
  /** @type {[Metric, number][]} */
  const rows = [];
  for (const kind of ['json', 'binary']) {
    const r = await load.run(['--mode', 'closed', '--topic', topic, '--kind', kind, '--warm', '2'], seconds);
    const what = `${generators}: send 1 KiB, 4 × 64 in flight each, ${kind} header, ${label}`;
    rows.push([higher(what, 'msg/s'), r.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), r.cpuUs], [lower(`${what}: p99`, 'ms'), r.p99Us / 1000]);
  }
  const backlog = await load.newTopic();
  await load.run(['--mode', 'closed', '--topic', backlog, '--kind', 'binary', '--warm', '0'], FILL_SECONDS);
  await load.run(['--mode', 'backlog', '--topic', backlog], WARM_SECONDS);
  const pulls = await load.run(['--mode', 'backlog', '--topic', backlog, '--kind', 'binary'], seconds);
  const what = `${generators}: pull a backlog of 1 KiB, 8 readers each, binary header, ${label}`;
  return [...rows, [higher(what, 'msg/s'), pulls.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), pulls.cpuUs]];
}

/** @type {Suite} */
export async function cores(cluster, options) {
  if (cluster.options.target === 'apache') return measured(new SpreadLoad(cluster, 1), options);
  const shards = os.cpus().length;
  const sharded = await startCluster({ ...cluster.options, settings: { ...cluster.options.settings, shards, shardPortStep: PORT_STEP } });
  try {
    return await measured(new SpreadLoad(sharded, shards), options);
  } finally {
    await sharded.stop();
  }
}
