// kill -9 of a real broker under load, again and again, then a check of every acknowledged message. `node kill9.mjs --help`.
import { parseArgs } from 'node:util';

import { createTopic, javaMissing, killServicesAtExit, startCluster } from '@kitemq/tool-targets';

import { Ledger } from './src/ledger.mjs';
import { Producer } from './src/load.mjs';
import { verify } from './src/verify.mjs';

const HELP = `node tools/chaos/kill9.mjs [options]

  --kills N             how often the broker is killed (default 50)
  --flush sync|async|both   flush mode (default both: one run each)
  --target kitemq|apache    (default kitemq)
  --producers N         connections that send (default 8)
  --in-flight N         requests in flight on each (default 16)
  --keep                leave the servers' directory
`;
const TOPIC = 'chaos';
const QUEUES = 4;
/** Of the kills, this part comes while the broker is still starting. */
const KILLED_WHILE_STARTING = 0.2;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    flush: { type: 'string', default: 'both' },
    target: { type: 'string', default: 'kitemq' },
    producers: { type: 'string', default: '8' },
    'in-flight': { type: 'string', default: '16' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {() => boolean} condition @param {number} timeoutMs @returns {Promise<boolean>} */
async function within(condition, timeoutMs) {
  for (const end = Date.now() + timeoutMs; !condition(); ) {
    if (Date.now() > end) return false;
    await sleep(10);
  }
  return true;
}

/**
 * @param {import('@kitemq/tool-targets').Cluster} cluster @param {Ledger} ledger @param {number} kills
 * @returns {Promise<number[]>} restart times in ms, kill to ready
 */
async function killAgainAndAgain(cluster, ledger, kills) {
  /** @type {number[]} */
  const restartMs = [];
  while (ledger.kills < kills) {
    const before = ledger.acks.size;
    if (!(await within(() => ledger.acks.size >= before + 50, 60_000))) throw new Error(`only ${ledger.acks.size - before} acknowledgements in 60 s after ${ledger.kills} kills`);
    await sleep(Math.random() * 700);
    await cluster.broker.kill();
    ledger.kills += 1;
    while (ledger.kills < kills && Math.random() < KILLED_WHILE_STARTING) {
      const starting = cluster.startBroker().catch(() => {}); // it is killed before it is ready
      await sleep(30 + Math.random() * 300);
      await cluster.broker.kill();
      await starting;
      ledger.kills += 1;
    }
    const downAt = performance.now();
    await cluster.startBroker();
    restartMs.push(performance.now() - downAt);
  }
  return restartMs;
}

/**
 * @param {'sync' | 'async'} flush
 * @param {{ target: 'kitemq' | 'apache', kills: number, producers: number, inFlight: number, keep: boolean }} options
 * @returns {Promise<boolean>} whether all is well
 */
async function run(flush, { target, kills, producers, inFlight, keep }) {
  const cluster = await startCluster({ target, flush, log: print });
  const ledger = new Ledger();
  let passed = false;
  try {
    await createTopic(cluster, TOPIC, QUEUES);
    const load = Array.from({ length: producers }, (_, id) => new Producer({ id, brokerAddr: cluster.brokerAddr, topic: TOPIC, queueId: id % QUEUES, inFlight, ledger }));
    for (const producer of load) producer.start();
    const restartMs = await killAgainAndAgain(cluster, ledger, kills);
    const before = ledger.acks.size;
    await within(() => ledger.acks.size >= before + 100, 30_000);
    for (const producer of load) await producer.stop();
    // One more, so that what is read comes from the files.
    await cluster.broker.kill();
    await cluster.startBroker();
    // Apache handles the requests of one connection on several threads.
    const { stored, problems } = await verify({ brokerAddr: cluster.brokerAddr, topic: TOPIC, queues: QUEUES, ledger, inOrder: target === 'kitemq' || inFlight === 1 });
    report({ flush, target, ledger, stored, problems, restartMs, load });
    passed = problems.length === 0;
  } finally {
    await cluster.stop({ keep: keep || !passed });
    if (keep || !passed) print(`servers' data and logs: ${cluster.dir}`);
  }
  return passed;
}

/** @param {{ flush: string, target: string, ledger: Ledger, stored: number, problems: string[], restartMs: number[], load: Producer[] }} facts */
function report({ flush, target, ledger, stored, problems, restartMs, load }) {
  const sent = ledger.sent.reduce((sum, n) => sum + n, 0);
  const sorted = restartMs.toSorted((a, b) => a - b);
  const refused = load.flatMap((p) => [...p.refused].map(([code, count]) => `${count} with code ${code}`));
  print(`${target}, flush ${flush}: ${ledger.kills} kills, ${sent} sent, ${ledger.acks.size} acknowledged, ${stored} stored, ${problems.length} problems`);
  print(`  restart to ready: median ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms, max ${Math.round(sorted.at(-1) ?? 0)} ms${refused.length > 0 ? `; refused: ${refused.join(', ')}` : ''}`);
  for (const problem of problems.slice(0, 20)) print(`  ${problem}`);
}

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}

async function main() {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { target, flush } = values;
  if ((target !== 'kitemq' && target !== 'apache') || !['sync', 'async', 'both'].includes(flush)) {
    process.stderr.write(HELP);
    return 2;
  }
  const missing = target === 'apache' ? javaMissing() : undefined;
  if (missing !== undefined) {
    print(`SKIPPED: ${missing}`);
    return 0;
  }
  killServicesAtExit();
  const options = { target, kills: Number(values.kills), producers: Number(values.producers), inFlight: Number(values['in-flight']), keep: values.keep };
  let passed = 0;
  let failed = 0;
  for (const mode of /** @type {const} */ (['sync', 'async'])) {
    if (flush !== 'both' && flush !== mode) continue;
    if (await run(mode, /** @type {any} */ (options))) passed += 1;
    else failed += 1;
  }
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
