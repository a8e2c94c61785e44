// How long a broker takes to come back: after kill -9 under load, after a clean stop, and with all views lost. `node restart.mjs --help`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { createTopic, killServicesAtExit, procStats, startCluster } from '@kitemq/tool-targets';

import { wireRun } from './src/wire-process.mjs';

const HELP = `node tools/bench/restart.mjs [options]

  --only restart,rebuild    (default both)
  --size A,B,…              sizes of the log in GB (default 1.5); the disk must have room for them
  --flush sync,async        flush modes (default both)
  --rounds N                kills and rebuilds per size and mode (default 3)
  --topics N                the load goes to so many topics of 8 queues (default 1)
  --load SECONDS            1 KiB messages before each kill (default 12: longer than a checkpoint's interval)
`;
const GB = 1e9;
const QUEUES = 8;
/** Large bodies fill a log faster; what a restart depends on is written by the load before the kill. */
const FILL_BODY = 64 * 1024;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'restart,rebuild' },
    size: { type: 'string', default: '1.5' },
    flush: { type: 'string', default: 'sync,async' },
    rounds: { type: 'string', default: '3' },
    topics: { type: 'string', default: '1' },
    load: { type: 'string', default: '12' },
    help: { type: 'boolean', default: false },
  },
});
const topics = Number(values.topics);

/** @param {string} line */
function progress(line) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} load ${os.loadavg()[0]?.toFixed(1)}  ${line}\n`);
}

/** @typedef {import('@kitemq/tool-targets').Cluster} Cluster */

/** What the broker said of its last start. @param {Cluster} cluster @returns {{ maxPosition: number, replayedBytes: number, replayedRecords: number, rewrittenBytes: number, durationMs: number }} */
function lastStart(cluster) {
  const lines = fs.readFileSync(path.join(cluster.dir, 'broker.out'), 'utf8').split('\n');
  const line = lines.findLast((each) => each.includes('the store is open'));
  if (line === undefined) throw new Error('the broker did not say that its store is open');
  return JSON.parse(line);
}

/** CPU time is what a busy machine changes least. @param {Cluster} cluster */
function timed(cluster) {
  return { ms: cluster.broker.startMs, cpuMs: procStats(cluster.broker.pid).cpuUs / 1000, ...lastStart(cluster) };
}

/** Bytes that the log's files take. @param {Cluster} cluster */
function logBytes(cluster) {
  const folder = path.join(cluster.dir, 'data', 'commitlog');
  return fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).blocks * 512, 0);
}

/** @param {Cluster} cluster @param {number} body @param {number} seconds */
function load(cluster, body, seconds) {
  const inFlight = body > 8192 ? 8 : 64;
  return wireRun(cluster, ['--mode', 'closed', '--topic', 'bench', '--topics', `${topics}`, '--kind', 'binary', '--body', `${body}`, '--in-flight', `${inFlight}`, '--seconds', `${seconds}`, '--warm', '0']);
}

/** @param {Cluster} cluster @param {number} bytes */
async function fill(cluster, bytes) {
  while (logBytes(cluster) < bytes) {
    const missing = bytes - logBytes(cluster);
    progress(`filling, ${(missing / GB).toFixed(1)} GB to go`);
    // With small bodies where the views are to be rebuilt: their cost is per record.
    await load(cluster, missing > 2 * GB ? FILL_BODY : 1024, Math.min(10, Math.max(1, missing / 3e8)));
  }
}

/** Kills the broker under load, and starts it. @param {Cluster} cluster @param {number} loadSeconds */
async function killedUnderLoad(cluster, loadSeconds) {
  const loading = load(cluster, 1024, loadSeconds + 4).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, (loadSeconds + Math.random() * 3) * 1000));
  await cluster.broker.kill();
  await loading;
  await cluster.startBroker();
  return timed(cluster);
}

/** @param {Cluster} cluster @param {{ withoutViews: boolean }} how */
async function restarted(cluster, { withoutViews }) {
  await cluster.broker.stop();
  if (withoutViews) fs.rmSync(path.join(cluster.dir, 'data', 'views'), { recursive: true });
  await cluster.startBroker();
  return timed(cluster);
}

/** @param {number} bytes */
const mb = (bytes) => (bytes / 1e6).toFixed(0);

/** @param {string} what @param {{ ms: number, cpuMs: number } & ReturnType<typeof lastStart>} start @param {string[]} rows */
function record(what, start, rows) {
  const { ms, cpuMs, maxPosition, replayedBytes, replayedRecords, rewrittenBytes, durationMs } = start;
  const rate = replayedBytes > 0 ? (replayedBytes / 1e6 / (durationMs / 1000)).toFixed(0) : '';
  rows.push(`| ${[what, (maxPosition / GB).toFixed(2), ms.toFixed(0), cpuMs.toFixed(0), durationMs, mb(replayedBytes), replayedRecords, mb(rewrittenBytes), rate, os.loadavg()[0]?.toFixed(1)].join(' | ')} |`);
  progress(`${what}: ${ms.toFixed(0)} ms to ready (CPU ${cpuMs.toFixed(0)} ms), of it the store ${durationMs} ms, replayed ${mb(replayedBytes)} MB, written again ${mb(rewrittenBytes)} MB`);
}

/** @param {'sync' | 'async'} flush @param {number} size @param {string[]} rows */
async function measure(flush, size, rows) {
  const only = values.only.split(',');
  const cluster = await startCluster({ target: 'kitemq', flush, log: progress });
  try {
    for (let index = 0; index < topics; index += 1) await createTopic(cluster, topics === 1 ? 'bench' : `bench_${index}`, QUEUES);
    await fill(cluster, size * GB);
    for (let round = 0; round < Number(values.rounds); round += 1) {
      if (only.includes('restart')) {
        record(`kill -9, ${flush}, ${size} GB`, await killedUnderLoad(cluster, Number(values.load)), rows);
        record(`clean, ${flush}, ${size} GB`, await restarted(cluster, { withoutViews: false }), rows);
      }
      if (only.includes('rebuild')) record(`views lost, ${flush}, ${size} GB`, await restarted(cluster, { withoutViews: true }), rows);
    }
  } finally {
    await cluster.stop();
  }
}

async function main() {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  killServicesAtExit();
  const rows = ['| start after | log GB | ready ms | CPU ms to ready | store ms | replayed MB | records | written again MB | replay MB/s | load |', '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |'];
  for (const size of values.size.split(',').map(Number)) {
    for (const flush of /** @type {('sync' | 'async')[]} */ (values.flush.split(','))) await measure(flush, size, rows);
  }
  process.stdout.write(`${rows.join('\n')}\n`);
  return 0;
}

process.exit(await main());
