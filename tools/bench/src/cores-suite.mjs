// What one broker process makes of all cores: Apache has threads, KiteMQ gets a shard for each core.
import os from 'node:os';

import { startCluster } from '@kitemq/tool-targets';

import { PORT_STEP, SpreadLoad } from './spread-load.mjs';
import { higher, lower } from './table.mjs';

/**
 * @typedef {import('@kitemq/tool-targets').Cluster} Cluster
 * @typedef {import('./suites.mjs').Suite} Suite
 * @typedef {import('./table.mjs').Metric} Metric
 */

const WARM_SECONDS = 5;
const FILL_SECONDS = 4;

/** @param {SpreadLoad} load @param {import('./suites.mjs').SuiteOptions} options @returns {Promise<[Metric, number][]>} */
async function measured(load, { seconds, label }) {
  const generators = `${os.cpus().length} generators, all cores`;
  const topic = await load.newTopic();
  await load.run(['--mode', 'closed', '--topic', topic, '--warm', '0', '--seconds', `${WARM_SECONDS}`]);
  /** @type {[Metric, number][]} */
  const rows = [];
  for (const kind of ['json', 'binary']) {
    const r = await load.run(['--mode', 'closed', '--topic', topic, '--kind', kind, '--warm', '2', '--seconds', `${seconds}`]);
    const what = `${generators}: send 1 KiB, 4 × 64 in flight each, ${kind} header, ${label}`;
    rows.push([higher(what, 'msg/s'), r.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), r.cpuUs], [lower(`${what}: p99`, 'ms'), r.p99Us / 1000]);
  }
  const backlog = await load.newTopic();
  await load.run(['--mode', 'closed', '--topic', backlog, '--kind', 'binary', '--warm', '0', '--seconds', `${FILL_SECONDS}`]);
  await load.run(['--mode', 'backlog', '--topic', backlog, '--seconds', `${WARM_SECONDS}`]);
  const pulls = await load.run(['--mode', 'backlog', '--topic', backlog, '--kind', 'binary', '--seconds', `${seconds}`]);
  const what = `${generators}: pull a backlog of 1 KiB, 8 readers each, binary header, ${label}`;
  return [...rows, [higher(what, 'msg/s'), pulls.perSecond], [lower(`${what}: broker CPU`, 'µs/msg'), pulls.cpuUs]];
}

/** @type {Suite} */
export async function cores(cluster, options) {
  if (cluster.options.target === 'apache') return measured(new SpreadLoad(cluster, { shards: 1, generators: os.cpus().length }), options);
  const shards = os.cpus().length;
  const sharded = await startCluster({ ...cluster.options, settings: { ...cluster.options.settings, shards, shardPortStep: PORT_STEP } });
  try {
    return await measured(new SpreadLoad(sharded, { shards, generators: shards }), options);
  } finally {
    await sharded.stop();
  }
}
