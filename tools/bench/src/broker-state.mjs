import { spawn } from 'node:child_process';

import { Wire } from '@kitemq/tool-targets';

const GET_BROKER_RUNTIME_INFO = 28;

/**
 * What the broker says about itself.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @returns {Promise<{ logEnd: number, loopDelayP999: number }>} the end of its commit log, and (KiteMQ) the 99.9th percentile of its event loop's delay
 *   since it was asked last, ms; NaN for what it does not say
 */
export async function brokerState(cluster) {
  const wire = await Wire.connect(cluster.brokerAddr);
  try {
    const { body } = await wire.request(GET_BROKER_RUNTIME_INFO, {});
    const table = JSON.parse(String(body)).table;
    return { logEnd: Number(table['commitLogMaxOffset']), loopDelayP999: Number(table['eventLoopDelay_p999']) };
  } finally {
    wire.close();
  }
}

const SYNC_CALLS = ['fsync', 'fdatasync', 'msync', 'sync_file_range'].map((name) => `syscalls:sys_enter_${name}`);

/**
 * Counts the calls of a process that make something durable, by the kernel's own tracepoints (`perf stat`; it wants root).
 * @param {number} pid
 * @returns {() => Promise<number>} ends it; NaN where that is not possible
 */
export function countSyncs(pid) {
  const child = spawn('perf', ['stat', '-x', ',', '-e', SYNC_CALLS.join(','), '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = () => child.kill('SIGINT');
  process.once('exit', stop);
  let output = '';
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  return async () => {
    stop();
    await ended;
    process.removeListener('exit', stop);
    return sumOfCounts(output);
  };
}

/**
 * The sum of the counts in what `perf stat -x ,` prints. A call that was never made is "not counted" there, as is one that cannot be: only when
 * nothing at all was counted is it unknown.
 * @param {string} output @returns {number}
 */
export function sumOfCounts(output) {
  const lines = output.split('\n').filter((line) => line.includes('sys_enter_'));
  if (lines.length < SYNC_CALLS.length) return Number.NaN;
  return lines.reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0), 0);
}
