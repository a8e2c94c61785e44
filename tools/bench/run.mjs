// Compares KiteMQ with Apache RocketMQ 5.5.0, alternating, at equal durability. See README.md; `node run.mjs --help`.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createTopic, javaMissing, killServicesAtExit, startCluster } from '@kitemq/tool-targets';

import { loadSuites, startSuite } from './src/suites.mjs';
import { markdownTable } from './src/table.mjs';
import { wireRun } from './src/wire-process.mjs';

const HELP = `node tools/bench/run.mjs [options]

  --quick               one pair, short runs: does it work, not how fast is it
  --only A,B,…          of: ${['start', ...Object.keys(loadSuites)].join(', ')} (default all)
  --flush sync,async    flush modes (default both; Apache and KiteMQ always have the same one)
  --pairs N             Apache, KiteMQ, Apache, KiteMQ, … (default 3)
  --rate N              messages per second of the open loops (default 5000)
  --kitemq-only         without Apache: numbers, no ratios
`;
/** The other broker goes on where it was stopped: timers that are overdue have their say before it is measured. */
const SETTLE_MS = 1_500;
const RESULTS = fileURLToPath(new URL('results', import.meta.url));
/**
 * A loaded machine lets requests wait longer than the 200 ms after which Apache refuses them by default; then it would measure refusals.
 * And from 75 % of the disk on it deletes what is about to be read.
 */
const APACHE_SETTINGS = { autoCreateTopicEnable: true, waitTimeMillsInSendQueue: 5000, diskMaxUsedSpaceRatio: 95 };
const KITEMQ_SETTINGS = { autoCreateTopicEnable: true };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    flush: { type: 'string', default: 'async,sync' },
    pairs: { type: 'string' },
    rate: { type: 'string', default: '5000' },
    'kitemq-only': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @param {string} line */
function progress(line) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} load ${os.loadavg()[0]?.toFixed(1)}  ${line}\n`);
}

/** @typedef {import('./src/table.mjs').TargetName} TargetName */

/**
 * @param {TargetName} target @param {'sync' | 'async'} flush @param {number} warmSeconds
 */
async function warmedCluster(target, flush, warmSeconds) {
  const cluster = await startCluster({ target, flush, settings: target === 'apache' ? APACHE_SETTINGS : KITEMQ_SETTINGS, log: progress });
  progress(`warming ${target}, flush ${flush}`);
  await createTopic(cluster, 'warm', 8);
  for (const kind of ['json', 'binary']) await wireRun(cluster, ['--mode', 'closed', '--topic', 'warm', '--kind', kind, '--seconds', `${warmSeconds}`, '--warm', '0']);
  await wireRun(cluster, ['--mode', 'backlog', '--topic', 'warm', '--seconds', `${warmSeconds / 2}`]);
  return cluster;
}

/**
 * @param {{ targets: TargetName[], suites: string[], flushes: ('sync' | 'async')[], pairs: number, options: Omit<import('./src/suites.mjs').SuiteOptions, 'label' | 'pair'> & { warmUpSeconds: number } }} plan
 * @returns {Promise<{ samples: import('./src/table.mjs').Sample[], failures: string[] }>}
 */
async function measure({ targets, suites, flushes, pairs, options }) {
  /** @type {import('./src/table.mjs').Sample[]} */
  const samples = [];
  /** @type {string[]} */
  const failures = [];
  /** @param {TargetName} target @param {number} pair @param {[import('./src/table.mjs').Metric, number][]} rows */
  const record = (target, pair, rows) => {
    for (const [metric, value] of rows) samples.push({ metric, target, pair, value });
  };
  if (suites.includes('start')) {
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const target of targets) {
        progress(`start: ${target}, pair ${pair + 1} of ${pairs}`);
        record(target, pair, await startSuite(target, { ...options, label: '', pair }));
      }
    }
  }
  const chosen = Object.entries(loadSuites).filter(([name]) => suites.includes(name));
  for (const flush of chosen.length > 0 ? flushes : []) {
    /** @type {Map<TargetName, import('@kitemq/tool-targets').Cluster>} */
    const clusters = new Map();
    try {
      for (const target of targets) clusters.set(target, await warmedCluster(target, flush, options.warmUpSeconds));
      for (const [name, suite] of chosen) {
        for (let pair = 0; pair < pairs; pair += 1) {
          for (const [target, cluster] of clusters) {
            // Neither what the other one left to write back nor its threads' housekeeping must be what this one waits for.
            execFileSync('sync');
            progress(`${name}: ${target}, flush ${flush}, pair ${pair + 1} of ${pairs}`);
            const others = [...clusters.values()].filter((other) => other !== cluster);
            for (const other of others) other.pause();
            try {
              record(target, pair, await suite(cluster, { ...options, label: `${flush} flush`, pair }));
            } catch (error) {
              // What was measured before took half an hour.
              failures.push(`${name}: ${target}, flush ${flush}, pair ${pair + 1}: ${error instanceof Error ? error.message : error}`);
              progress(`FAILED ${failures.at(-1)}`);
            } finally {
              for (const other of others) other.resume();
              await sleep(SETTLE_MS);
            }
          }
        }
      }
    } finally {
      for (const cluster of clusters.values()) await cluster.stop();
    }
  }
  return { samples, failures };
}

async function main() {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  killServicesAtExit();
  const missing = values['kitemq-only'] ? undefined : javaMissing();
  if (missing !== undefined) {
    process.stdout.write(`SKIPPED: comparing with Apache needs Java: ${missing}. Use --kitemq-only.\n`);
    return 0;
  }
  const quick = values.quick;
  const { samples, failures } = await measure({
    targets: values['kitemq-only'] ? ['kitemq'] : ['apache', 'kitemq'],
    suites: values.only?.split(',') ?? ['start', ...Object.keys(loadSuites)],
    flushes: /** @type {('sync' | 'async')[]} */ (values.flush.split(',')),
    pairs: Number(values.pairs ?? (quick ? 1 : 3)),
    options: {
      ...{ seconds: quick ? 3 : 8, warmSeconds: quick ? 1 : 2, warmUpSeconds: quick ? 4 : 20 },
      ...{ javaSeconds: quick ? 5 : 15, idleSeconds: quick ? 2 : 8, rate: Number(values.rate) },
    },
  });
  const machine = { cpus: os.cpus().length, cpu: os.cpus()[0]?.model, memoryGiB: Math.round(os.totalmem() / 2 ** 30), node: process.version, at: new Date().toISOString() };
  fs.mkdirSync(RESULTS, { recursive: true });
  const file = path.join(RESULTS, `${machine.at.replaceAll(':', '').slice(0, 17)}.json`);
  fs.writeFileSync(file, JSON.stringify({ machine, samples }, undefined, 1));
  process.stdout.write(`${markdownTable(samples)}\n\n${machine.cpus} × ${machine.cpu}, ${machine.memoryGiB} GiB, Node ${machine.node}; ${file}\n`);
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
  return failures.length === 0 ? 0 : 1;
}

process.exit(await main());
