import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { bundlePath, createTopic, startCluster, Wire } from '@kitemq/tool-targets';

import { storeClient } from './store-java.mjs';

const run = promisify(execFile);

const SEGMENT_BYTES = 1024 * 1024;
/** The last level is what is still pending when the store is moved. */
const LEVELS = '1s 2s 60s';
const PENDING_LEVEL = 3;
const GET_MAX_OFFSET = 30;
const GET_ROUTE = 105;

const TOPICS = ['move-a', 'move-batch', 'move-delay', '%RETRY%move-rejecting'];
const MESSAGES = 1500;
const LATER = 40;
const PENDING = 6;

const SETTINGS = { mappedFileSizeCommitLog: SEGMENT_BYTES, messageDelayLevel: LEVELS };

/** What became of a store that was brought from one broker to another. */
class Checks {
  passed = 0;
  failed = 0;
  /** @param {(line: string) => void} print */
  constructor(print) {
    this.print = print;
  }

  /** @param {string} name @param {boolean} isGood @param {string} [detail] */
  check(name, isGood, detail = '') {
    if (isGood) this.passed += 1;
    else this.failed += 1;
    this.print(`${isGood ? 'pass' : 'FAIL'}  ${name}${detail === '' ? '' : ` (${detail})`}`);
  }
}

/** @param {string} address @param {string} topic @param {number} queueId */
async function maxOffset(address, topic, queueId) {
  const wire = await Wire.connect(address);
  try {
    return Number((await wire.request(GET_MAX_OFFSET, { topic, queueId })).extFields['offset']);
  } finally {
    wire.close();
  }
}

/** Until the name server knows where the topic is: on a busy machine that is later than the broker's first word. @param {import('@kitemq/tool-targets').Cluster} cluster @param {string} topic */
async function routed(cluster, topic) {
  const wire = await Wire.connect(cluster.namesrvAddr);
  try {
    const end = Date.now() + 60_000;
    while ((await wire.request(GET_ROUTE, { topic })).code !== 0) {
      if (Date.now() > end) throw new Error(`the name server has no route of ${topic} after a minute`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    wire.close();
  }
}

/** Fills a broker with everything that a store can hold. @param {import('@kitemq/tool-targets').Cluster} cluster @param {{ print: (line: string) => void }} io */
async function fill(cluster, io) {
  await createTopic(cluster, 'move-a', 4);
  await createTopic(cluster, 'move-batch', 1);
  await createTopic(cluster, 'move-delay', 2);
  await storeClient(cluster, io, 'fill', MESSAGES);
  const consumed = await storeClient(cluster, io, 'consume', 'move-reading', 'move-a', MESSAGES, 60_000);
  if (consumed.length !== MESSAGES) throw new Error(`the group got ${consumed.length} of ${MESSAGES} messages before the move`);
  await storeClient(cluster, io, 'send', 'move-a', 'later ', LATER);
  await storeClient(cluster, io, 'reject', 'move-rejecting', 'move-batch', 30);
  // Delivered before the move, so that the progress of a level is not 0.
  await storeClient(cluster, io, 'delay', 'move-delay', 1, 3);
  const delivered = await storeClient(cluster, io, 'consume', 'move-early', 'move-delay', 3, 60_000);
  if (delivered.length !== 3) throw new Error(`${delivered.length} of 3 delayed messages were delivered before the move`);
}

/**
 * Messages sent to one broker are served by another that has been given its store.
 * @param {{ from: 'apache' | 'kitemq', to: 'apache' | 'kitemq', how: 'import' | 'in place' | 'export', link?: boolean, keep: boolean, print: (line: string) => void }} options
 */
export async function moveStore({ from, to, how, link = false, keep, print }) {
  print(`\n# store of ${from} to ${to}, ${how}${link ? ' with --link' : ''}`);
  const io = { print };
  const checks = new Checks(print);
  const source = await startCluster({ target: from, flush: 'async', settings: SETTINGS, log: print });
  /** @type {import('@kitemq/tool-targets').Cluster | undefined} */
  let target;
  try {
    await fill(source, io);
    await storeClient(source, io, 'delay', 'move-delay', PENDING_LEVEL, PENDING);
    const before = await storeClient(source, io, 'dump', ...TOPICS);
    const dead = await maxOffset(source.brokerAddr, '%DLQ%move-rejecting', 0);
    const stopped = await source.broker.stop(60_000);
    if (!stopped.clean) throw new Error(`${from} did not stop in an orderly way`);
    const began = performance.now();
    target = await startCluster({ target: to, flush: 'async', settings: SETTINGS, log: print, prepare: (dir) => bring({ source, dir, to, how, link, print }) });
    await routed(target, 'move-a');
    checks.check('the broker starts on the store', true, `${Math.round(performance.now() - began)} ms with the move`);
    const after = await storeClient(target, io, 'dump', ...TOPICS);
    const differing = before.filter((line, index) => line !== after[index]);
    checks.check(`all ${before.filter((line) => line.startsWith('message')).length} messages and ${before.filter((line) => line.startsWith('queue')).length} queues are equal`, before.length > MESSAGES && differing.length === 0 && before.length === after.length, differing.length === 0 ? '' : `${differing.length} differ: ${differing[0]} / ${after[before.indexOf(differing[0] ?? '')]}`);
    checks.check('the dead letter queue is there', dead > 0 && (await maxOffset(target.brokerAddr, '%DLQ%move-rejecting', 0)) === dead, `${dead} messages`);
    const rest = await storeClient(target, io, 'consume', 'move-reading', 'move-a', LATER, 60_000);
    checks.check('a group goes on at its offsets: the later messages, and none twice', rest.length === LATER && new Set(rest).size === LATER, `${rest.length} of ${LATER}`);
    const delayed = await storeClient(target, io, 'consume', 'move-early', 'move-delay', PENDING, 120_000);
    checks.check('delayed messages that were pending are delivered once', delayed.length === PENDING && new Set(delayed).size === PENDING, `${delayed.length} of ${PENDING}`);
    await storeClient(target, io, 'send', 'move-a', 'new ', 8);
    const more = await storeClient(target, io, 'consume', 'move-reading', 'move-a', 8, 60_000);
    checks.check('new messages go on behind the old ones', more.length === 8);
  } catch (error) {
    checks.check('the move', false, error instanceof Error ? error.message : String(error));
  } finally {
    const isKept = keep || checks.failed > 0;
    await target?.stop({ keep: isKept });
    await source.stop({ keep: isKept });
    if (isKept) print(`data and logs: ${source.dir}${target === undefined ? '' : ` and ${target.dir}`}`);
  }
  return { passed: checks.passed, failed: checks.failed };
}

/**
 * Puts the source's store where the target's broker looks for its data.
 * @param {{ source: import('@kitemq/tool-targets').Cluster, dir: string, to: 'apache' | 'kitemq', how: string, link: boolean, print: (line: string) => void }} options
 */
async function bring({ source, dir, to, how, link, print }) {
  const data = path.join(dir, to === 'kitemq' ? 'data' : 'store');
  if (how === 'in place') {
    fs.cpSync(source.dataDir, data, { recursive: true });
    return;
  }
  const words = how === 'import' ? ['import', source.dataDir, '--data', data] : ['export', source.dataDir, '--apache', data];
  const { stdout } = await run(process.execPath, [bundlePath('standalone'), 'store', ...words, ...(link ? ['--link'] : [])]);
  for (const line of stdout.trim().split('\n')) print(`      ${line}`);
}
