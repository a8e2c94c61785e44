import fs from 'node:fs';

import { startCluster, Wire } from '@kitemq/tool-targets';

/**
 * One measured number. With `max` it is a bound: the command fails when the value is above it.
 * @typedef {{ what: string, value: number, unit: string, max?: number }} Row
 * @typedef {{ quick: boolean, log: (line: string) => void }} CheckOptions
 * @typedef {(options: CheckOptions) => Promise<Row[]>} Check
 * @typedef {import('@kitemq/tool-targets').Cluster} Cluster
 */

/** @param {string} what @param {number} value @param {string} unit @param {number} [max] @returns {Row} */
export function row(what, value, unit, max) {
  return max === undefined ? { what, value, unit } : { what, value, unit, max };
}

/**
 * A cluster of KiteMQ with async flush for the time of `use`.
 * @template T
 * @param {Record<string, string | number | boolean>} settings @param {(cluster: Cluster) => Promise<T>} use @returns {Promise<T>}
 */
export async function withCluster(settings, use) {
  const cluster = await startCluster({ target: 'kitemq', flush: 'async', settings });
  try {
    return await use(cluster);
  } finally {
    await cluster.stop();
  }
}

/** What the kernel holds for a process (Linux). @param {number} pid */
export function holdings(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (/** @type {string} */ name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  const handles = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return {
    rssMiB: kib('VmRSS') / 1024,
    /** Without mapped files, whose pages the kernel takes back when it needs them. */
    ownMiB: kib('RssAnon') / 1024,
    handles: handles.length,
    files: handles.filter((name) => name.startsWith('/') && !name.startsWith('/dev/')).length,
  };
}

/**
 * @template T
 * @param {string} address @param {(wire: Wire) => Promise<T>} use @returns {Promise<T>}
 */
export async function withWire(address, use) {
  const wire = await Wire.connect(address);
  try {
    return await use(wire);
  } finally {
    wire.close();
  }
}

/** Stops the broker cleanly, or kills it, and starts it again on its data. @param {Cluster} cluster @param {'stop' | 'kill'} how @returns {Promise<number>} ms from spawn to ready */
export async function restart(cluster, how) {
  if (how === 'kill') await cluster.broker.kill();
  else if (!(await cluster.broker.stop(120_000)).clean) throw new Error('the broker did not stop in time');
  await cluster.startBroker();
  return cluster.broker.startMs;
}

const GET_MAX_OFFSET = 30;

/** @param {Wire} wire @param {string} topic @param {number} queueId @returns {Promise<number>} */
export async function maxOffset(wire, topic, queueId) {
  return Number((await wire.request(GET_MAX_OFFSET, { topic, queueId })).extFields['offset']);
}

/** @param {number[]} values @param {number} share 0 to 1 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
