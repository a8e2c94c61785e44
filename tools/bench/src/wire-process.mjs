import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WIRE = fileURLToPath(new URL('../wire.mjs', import.meta.url));

/**
 * @typedef {object} WireRun
 * @property {number} perSecond
 * @property {number} messages
 * @property {number} failed
 * @property {number} brokerCpuUs of the broker's process per message
 * @property {number} writtenBytes of the broker's process per message
 * @property {number} rssBytes of the broker's process at the end
 * @property {{ p50: number, p99: number, p999: number }} latencyUs
 */

/**
 * One run of the wire-level generator in a process of its own.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @param {string[]} args of wire.mjs
 * @returns {Promise<WireRun>}
 */
export async function wireRun(cluster, args) {
  const { stdout } = await run(process.execPath, [WIRE, '--broker', cluster.brokerAddr, '--pid', `${cluster.broker.pid}`, ...args], { maxBuffer: 1 << 24 });
  const result = JSON.parse(stdout);
  const messages = result.sent ?? result.messages;
  const { start, end } = result.broker;
  return {
    ...{ messages, failed: result.failed ?? 0, perSecond: result.perSecond ?? Number.NaN, latencyUs: result.latencyUs },
    brokerCpuUs: (end.cpuUs - start.cpuUs) / messages,
    writtenBytes: (end.writtenBytes - start.writtenBytes) / messages,
    rssBytes: end.rssBytes,
  };
}
