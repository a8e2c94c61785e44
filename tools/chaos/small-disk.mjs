// A real broker on a small file system that fills up again and again, with producers and a consumer. `node small-disk.mjs --help`.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { createTopic, killServicesAtExit, startCluster, Wire } from '@kitemq/tool-targets';

import { Consumer } from './src/consume.mjs';
import { Ledger } from './src/ledger.mjs';
import { Producer } from './src/load.mjs';
import { mountMissing, SmallDisk } from './src/small-disk.mjs';
import { verify } from './src/verify.mjs';

const HELP = `node tools/chaos/small-disk.mjs [options]

  --size MIB            size of the file system, a tmpfs (default 64; needs root)
  --rounds N            how often it is filled up from outside (default 10)
  --flush sync|async|both   flush mode (default both: one run each)
  --keep                leave the servers' logs
`;
const TOPIC = 'chaos';
const QUEUES = 4;
const UPDATE_BROKER_CONFIG = 25;
const SERVICE_NOT_AVAILABLE = 14;

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '10' },
    flush: { type: 'string', default: 'both' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @param {string} line */
const print = (line) => void process.stdout.write(`${line}\n`);

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} what @param {() => boolean | Promise<boolean>} condition */
async function until(what, condition, timeoutMs = 60_000) {
  for (const end = Date.now() + timeoutMs; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`in ${timeoutMs / 1000} s it did not happen that ${what}`);
    await sleep(20);
  }
}

/** @param {boolean} holds @param {string} problem @param {string[]} problems */
const expectThat = (holds, problem, problems) => void (holds || problems.push(problem));

/** @typedef {{ cluster: import('@kitemq/tool-targets').Cluster, disk: SmallDisk, ledger: Ledger, producers: Producer[], consumer: Consumer, problems: string[] }} Run */

/** @param {string} brokerAddr @param {string} changes */
async function configure(brokerAddr, changes) {
  const wire = await Wire.connect(brokerAddr);
  const { code, remark } = await wire.request(UPDATE_BROKER_CONFIG, {}, { body: Buffer.from(changes) });
  wire.close();
  if (code !== 0) throw new Error(`${changes} was refused: ${code} ${remark}`);
}

/** @param {Producer[]} producers */
const refusals = (producers) => producers.reduce((sum, { refused }) => sum + (refused.get(SERVICE_NOT_AVAILABLE) ?? 0), 0);

/** Producers fill the disk themselves: sends are refused in time, all else goes on. @param {Run} run */
async function fillFromInside({ cluster, disk, producers, consumer, problems, ledger }) {
  await until('sends are refused because the disk fills up', () => refusals(producers) > 20);
  const acked = ledger.acks.size;
  await sleep(1500);
  expectThat(ledger.acks.size - acked < 200, `${ledger.acks.size - acked} sends were taken while the disk was nearly full`, problems);
  expectThat(disk.freeBytes > 0, 'the broker used the last byte of the disk', problems);
  const [producer] = producers;
  expectThat(/disk/.test(producer?.lastRemark ?? ''), `a refusal says: ${producer?.lastRemark}`, problems);
  // What the broker has to write for itself still finds room.
  await createTopic(cluster, 'made-on-a-full-disk', 1);
  await consumer.catchUp();
  print(`  full from inside: ${ledger.acks.size} acknowledged, ${disk.freeBytes >> 10} KiB left, ${consumer.consumed} consumed`);
}

/** Somebody else takes all space, again and again, while producers send. @param {Run} run @param {number} rounds */
async function fillFromOutside({ cluster, disk, producers, consumer, ledger, problems }, rounds) {
  await configure(cluster.brokerAddr, 'cleanFileForciblyEnable=true');
  for (let round = 0; round < rounds; round += 1) {
    const before = ledger.acks.size;
    await until('sends are taken again', () => ledger.acks.size > before + 100);
    const refused = refusals(producers);
    disk.fill();
    await until('sends are refused on a full disk', () => refusals(producers) > refused || !cluster.broker.running);
    await sleep(Math.random() * 1500);
    expectThat(cluster.broker.running, `round ${round}: the broker did not survive a full disk`, problems);
    await consumer.catchUp();
    // With the disk full to the last byte a start cannot work; it must say why.
    if (round % 3 === 2) await restartOnFullDisk(cluster, disk, problems);
    disk.empty();
    if (!cluster.broker.running) await cluster.startBroker();
  }
  print(`  full from outside ${rounds} times: ${ledger.acks.size} acknowledged`);
}

/** @param {import('@kitemq/tool-targets').Cluster} cluster @param {SmallDisk} disk @param {string[]} problems */
async function restartOnFullDisk(cluster, disk, problems) {
  await cluster.broker.kill();
  disk.fill();
  const log = path.join(cluster.dir, 'broker.out');
  const from = fs.statSync(log).size;
  const started = await cluster.startBroker().then(() => true, () => false);
  if (!started) await cluster.broker.exited;
  const said = fs.readFileSync(log).subarray(from).toString();
  if (!started) expectThat(/disk that holds .* is full; free some space/.test(said), `a start on a full disk says: ${said.slice(0, 500)}`, problems);
}

/** @param {'sync' | 'async'} flush @param {{ size: number, rounds: number, keep: boolean }} options */
async function run(flush, { size, rounds, keep }) {
  /** @type {SmallDisk | undefined} */
  let disk;
  const settings = { mappedFileSizeCommitLog: 4 << 20, cleanResourceInterval: 200, cleanFileForciblyEnable: false, flushConsumerOffsetInterval: 200 };
  const cluster = await startCluster({ target: 'kitemq', flush, settings, log: print, prepare: (dir) => void (disk = new SmallDisk(path.join(dir, 'data'), size)) });
  if (disk === undefined) throw new Error('there is no disk');
  const ledger = new Ledger();
  /** @type {string[]} */
  const problems = [];
  try {
    await createTopic(cluster, TOPIC, QUEUES);
    const producers = Array.from({ length: 4 }, (_, id) => new Producer({ id, brokerAddr: cluster.brokerAddr, topic: TOPIC, queueId: id % QUEUES, inFlight: 8, ledger }));
    const consumer = new Consumer({ brokerAddr: cluster.brokerAddr, topic: TOPIC, queues: QUEUES });
    for (const producer of producers) producer.start();
    const state = { cluster, disk, ledger, producers, consumer, problems };
    await fillFromInside(state);
    await fillFromOutside(state, rounds);
    for (const producer of producers) await producer.stop();
    await consumer.catchUp();
    const committed = await consumer.committed();
    await cluster.broker.stop();
    await cluster.startBroker();
    expectThat(JSON.stringify(await consumer.committed()) === JSON.stringify(committed), `consumer offsets were ${committed.join(', ')} and are not any more`, problems);
    const checked = await verify({ brokerAddr: cluster.brokerAddr, topic: TOPIC, queues: QUEUES, ledger, inOrder: true, mayBeDeleted: true });
    problems.push(...consumer.problems, ...checked.problems);
    const sent = ledger.sent.reduce((sum, count) => sum + count, 0);
    print(`flush ${flush}: ${sent} sent, ${refusals(producers)} refused, ${ledger.acks.size} acknowledged, ${checked.stored} stored, ${checked.deleted} deleted by retention, ${problems.length} problems`);
    for (const problem of problems.slice(0, 20)) print(`  ${problem}`);
  } finally {
    // The directory cannot go while something is mounted in it.
    await cluster.stop({ keep: true });
    disk.unmount();
    if (keep || problems.length > 0) print(`servers' logs: ${cluster.dir}`);
    else fs.rmSync(cluster.dir, { recursive: true, force: true });
  }
  return problems.length === 0;
}

async function main() {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const missing = mountMissing();
  if (missing !== undefined) {
    print(`SKIPPED: ${missing}`);
    return 0;
  }
  killServicesAtExit();
  let passed = 0;
  let failed = 0;
  for (const mode of /** @type {const} */ (['sync', 'async'])) {
    if (values.flush !== 'both' && values.flush !== mode) continue;
    if (await run(mode, { size: Number(values.size), rounds: Number(values.rounds), keep: values.keep })) passed += 1;
    else failed += 1;
  }
  print(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
