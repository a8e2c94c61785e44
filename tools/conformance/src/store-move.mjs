import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
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
const GET_MIN_OFFSET = 31;
const CREATE_TOPIC = 17;
const UPDATE_BROKER_CONFIG = 25;
const DELETE_EXPIRED_COMMITLOG = 329;

const COMPACTED = 'move-compact';
const EMPTIED = 'move-gone';
const TOPICS = ['move-a', 'move-batch', 'move-inner', 'move-old', 'move-delay', '%RETRY%move-rejecting', COMPACTED];
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

/** @param {string} address @param {number} code @param {Record<string, string | number | boolean>} [fields] @param {string} [text] */
async function ask(address, code, fields = {}, text = undefined) {
  const wire = await Wire.connect(address);
  try {
    const response = await wire.request(code, fields, text === undefined ? {} : { body: Buffer.from(text) });
    if (response.code !== 0) throw new Error(`request ${code} was answered with ${response.code} ${response.remark}`);
    return response;
  } finally {
    wire.close();
  }
}

/** @param {string} address @param {string} topic @param {number} queueId */
async function maxOffset(address, topic, queueId) {
  return Number((await ask(address, GET_MAX_OFFSET, { topic, queueId })).extFields['offset']);
}

/** @param {string} address @param {string} topic @param {number} queueId */
async function minOffset(address, topic, queueId) {
  return Number((await ask(address, GET_MIN_OFFSET, { topic, queueId })).extFields['offset']);
}

/** @param {import('@kitemq/tool-targets').Cluster} cluster @param {string} topic @param {string} attributes */
async function createTopicWith(cluster, topic, attributes) {
  await ask(cluster.brokerAddr, CREATE_TOPIC, { topic, defaultTopic: 'TBW102', readQueueNums: 1, writeQueueNums: 1, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, attributes });
  await routed(cluster, topic);
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

/**
 * The log loses its two oldest files, as if they had expired; resolves to a wait for that. Apache goes by the time of the file, and looks a minute
 * after its start.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 */
async function trim({ brokerAddr, dataDir, options }) {
  if (options.target === 'kitemq') {
    await ask(brokerAddr, UPDATE_BROKER_CONFIG, {}, `commitLogBytesMax=${2 * SEGMENT_BYTES}\n`);
    await ask(brokerAddr, DELETE_EXPIRED_COMMITLOG);
    await ask(brokerAddr, UPDATE_BROKER_CONFIG, {}, 'commitLogBytesMax=0\n');
  } else {
    const directory = path.join(dataDir, 'commitlog');
    for (const name of fs.readdirSync(directory).toSorted().slice(0, 2)) fs.utimesSync(path.join(directory, name), 1_600_000_000, 1_600_000_000);
    await ask(brokerAddr, DELETE_EXPIRED_COMMITLOG);
  }
  return async () => {
    const end = Date.now() + 120_000;
    while ((await minOffset(brokerAddr, 'move-old', 0)) === 0 || (await minOffset(brokerAddr, EMPTIED, 0)) === 0) {
      if (Date.now() > end) throw new Error('nothing of the log expired in two minutes');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
}

/** Fills a broker with everything that a store can hold. @param {import('@kitemq/tool-targets').Cluster} cluster @param {{ print: (line: string) => void }} io */
async function fill(cluster, io) {
  await createTopic(cluster, 'move-a', 4);
  await createTopic(cluster, 'move-batch', 1);
  await createTopic(cluster, 'move-delay', 2);
  await createTopic(cluster, 'move-old', 1);
  await createTopic(cluster, EMPTIED, 1);
  await createTopicWith(cluster, 'move-inner', '+queue.type=BatchCQ');
  await createTopicWith(cluster, COMPACTED, '+cleanup.policy=COMPACTION');
  await storeClient(cluster, io, 'old');
  const trimmed = await trim(cluster);
  await storeClient(cluster, io, 'fill', MESSAGES);
  const consumed = await storeClient(cluster, io, 'consume', 'move-reading', 'move-a', MESSAGES, 60_000);
  if (consumed.length !== MESSAGES) throw new Error(`the group got ${consumed.length} of ${MESSAGES} messages before the move`);
  await storeClient(cluster, io, 'send', 'move-a', 'later ', LATER);
  await storeClient(cluster, io, 'reject', 'move-rejecting', 'move-batch', 30);
  // Delivered before the move, so that the progress of a level is not 0.
  await storeClient(cluster, io, 'delay', 'move-delay', 1, 3);
  const delivered = await storeClient(cluster, io, 'consume', 'move-early', 'move-delay', 3, 60_000);
  if (delivered.length !== 3) throw new Error(`${delivered.length} of 3 delayed messages were delivered before the move`);
  await trimmed();
}

/** Size, time and content of every file of the log. @param {string} data */
function logFiles(data) {
  const directory = path.join(data, 'commitlog');
  return fs.readdirSync(directory).map((name) => {
    const { size, mtimeMs } = fs.statSync(path.join(directory, name));
    return `${name} ${size} ${mtimeMs} ${crypto.createHash('sha256').update(fs.readFileSync(path.join(directory, name))).digest('hex')}`;
  });
}

/**
 * The compacted topic's messages, without their place: Apache serves them from a log of their own. The last of each key, which is what everybody has.
 * @param {string[]} dump
 */
function compacted(dump) {
  const all = dump.filter((line) => line.startsWith(`message ${COMPACTED} `)).map((line) => line.replace(/ physical=\d+/, ''));
  const last = new Map(all.map((line) => [/KEYS=([^,}]*)/.exec(line)?.[1], line]));
  return { all, last: [...last.values()].toSorted(), end: dump.find((line) => line.startsWith(`queue ${COMPACTED} `))?.split(' ').at(-1) };
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
    // An export opens the store, which writes to its last file.
    const log = logFiles(source.dataDir).slice(0, how === 'export' ? -1 : undefined);
    if (!log.every((file) => Number(file.split(' ')[0]) > 0)) throw new Error(`the log of ${from} begins at 0`);
    const began = performance.now();
    target = await startCluster({ target: to, flush: 'async', settings: SETTINGS, log: print, prepare: (dir) => bring({ source, dir, to, how, link, print }) });
    await routed(target, 'move-a');
    checks.check('the broker starts on the store', true, `${Math.round(performance.now() - began)} ms with the move`);
    const after = await storeClient(target, io, 'dump', ...TOPICS);
    compare(checks, before, after);
    checks.check('the dead letter queue is there', dead > 0 && (await maxOffset(target.brokerAddr, '%DLQ%move-rejecting', 0)) === dead, `${dead} messages`);
    if (to === 'kitemq') checks.check('a queue whose messages have all expired goes on where it was', (await minOffset(target.brokerAddr, EMPTIED, 0)) === 3 && (await maxOffset(target.brokerAddr, EMPTIED, 0)) === 3);
    const rest = await storeClient(target, io, 'consume', 'move-reading', 'move-a', LATER, 60_000);
    checks.check('a group goes on at its offsets: the later messages, and none twice', rest.length === LATER && new Set(rest).size === LATER, `${rest.length} of ${LATER}`);
    const delayed = await storeClient(target, io, 'consume', 'move-early', 'move-delay', PENDING, 120_000);
    checks.check('delayed messages that were pending are delivered once', delayed.length === PENDING && new Set(delayed).size === PENDING, `${delayed.length} of ${PENDING}`);
    await storeClient(target, io, 'send', 'move-a', 'new ', 8);
    const more = await storeClient(target, io, 'consume', 'move-reading', 'move-a', 8, 60_000);
    checks.check('new messages go on behind the old ones', more.length === 8);
    checks.check('the source is as it was', log.length > 0 && logFiles(source.dataDir).slice(0, log.length).join() === log.join());
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

/** What the official client read of the store, message by message. @param {Checks} checks @param {string[]} before @param {string[]} after */
function compare(checks, before, after) {
  // Pending messages may have become due meanwhile.
  const isCompared = (/** @type {string} */ line) => !line.includes(` ${COMPACTED} `) && !line.startsWith('queue move-delay ');
  const old = before.filter(isCompared);
  const now = after.filter((line) => isCompared(line) && (!line.startsWith('message move-delay ') || old.includes(line)));
  const differing = old.filter((line, index) => line !== now[index]);
  const counts = `${old.filter((line) => line.startsWith('message')).length} messages and ${old.filter((line) => line.startsWith('queue')).length} queues`;
  const detail = differing.length === 0 ? '' : `${differing.length} differ: ${differing[0]} / ${now[old.indexOf(differing[0] ?? '')]}`;
  checks.check(`all ${counts} are equal`, old.length > MESSAGES && differing.length === 0 && old.length === now.length, detail);
  const inner = now.filter((line) => line.startsWith('message move-inner '));
  const innerQueue = now.find((line) => line.startsWith('queue move-inner ')) ?? '';
  checks.check('inner batches are read message by message', inner.length === 34, `${inner.length} of 34, ${innerQueue}`);
  const [values, kept] = [compacted(before), compacted(after)];
  const isSame = values.last.length === 7 && kept.last.join() === values.last.join() && kept.end === values.end && kept.all.every((line) => values.all.includes(line));
  checks.check('a compacted topic has the last value of each key', isSame, `${values.all.length} messages before, ${kept.all.length} after`);
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
