import fs from 'node:fs';
import path from 'node:path';

import { createTopic } from '@kitemq/tool-targets';

import { wireRun } from '../wire-process.mjs';
import { holdings, maxOffset, restart, row, withCluster, withWire } from './common.mjs';

const PULL_MESSAGE = 11;
const TOPIC = 'long';

/** @param {import('@kitemq/tool-targets').Wire} wire @param {number} offset */
async function pullOne(wire, offset) {
  const fields = { consumerGroup: 'CG', topic: TOPIC, queueId: 0, queueOffset: offset, maxMsgNums: 1, sysFlag: 4, commitOffset: 0, suspendTimeoutMillis: 0, subscription: '*', subVersion: 0, expressionType: 'TAG' };
  const { code, body } = await wire.request(PULL_MESSAGE, fields);
  if (code !== 0 || Number(body.readBigInt64BE(20)) !== offset) throw new Error(`the pull at ${offset} was answered with ${code}`);
}

/** Reads from every part of the log. @param {import('./common.mjs').Cluster} cluster @param {number} end @param {number} reads */
async function readAll(cluster, end, reads) {
  await withWire(cluster.brokerAddr, async (wire) => {
    for (let index = 0; index < reads; index += 1) await pullOne(wire, Math.floor((index * end) / reads));
  });
}

/** A log of 10 000 small files: handles while everything is read, starts. @type {import('./common.mjs').Check} */
export async function manySegments({ quick, log }) {
  const segments = quick ? 500 : 10_000;
  // With sync flush: at 2 000 files a second an async one would have thousands of files to flush at a time.
  return withCluster({ mappedFileSizeCommitLog: 65_536, flushDiskType: 'SYNC_FLUSH' }, async (cluster) => {
    await createTopic(cluster, TOPIC, 1);
    const count = () => fs.readdirSync(path.join(cluster.dir, 'data', 'commitlog')).length;
    while (count() < segments) {
      await wireRun(cluster, ['--mode', 'closed', '--topic', TOPIC, '--queues', '1', '--kind', 'binary', '--body', '8192', '--seconds', '2', '--warm', '0']);
      log(`${count()} segments`);
    }
    const found = count();
    const end = await withWire(cluster.brokerAddr, (wire) => maxOffset(wire, TOPIC, 0));
    const written = holdings(cluster.broker.pid);
    await readAll(cluster, end, Math.min(found, 3000));
    const read = holdings(cluster.broker.pid);
    const cleanMs = await restart(cluster, 'stop');
    const killedMs = await restart(cluster, 'kill');
    await readAll(cluster, end, 200);
    const what = `${found} segments`;
    return [
      row(`${what}: file handles while they were written`, written.files, '', 150),
      row(`${what}: file handles after reading from everywhere`, read.files, '', 150),
      row(`${what}: start after a clean stop`, cleanMs, 'ms', 1500),
      row(`${what}: start after kill -9`, killedMs, 'ms', 1500),
    ];
  });
}

const SEGMENT_BYTES = 2 ** 30;
const BLANK_MAGIC = -875_286_124;
const RECORDS = 20;

/** @param {number} position */
const segmentFile = (position) => `${position}`.padStart(20, '0');

/**
 * Makes a log of `count` full segments of 1 GiB from a few records: in each the same ones at the next offsets, then a filler up to the end.
 * The files are sparse.
 * @param {string} directory @param {Buffer} records @param {number} count
 */
function growLog(directory, records, count) {
  for (let segment = 0; segment < count; segment += 1) {
    const start = segment * SEGMENT_BYTES;
    const bytes = Buffer.alloc(records.length + 8);
    records.copy(bytes);
    let at = 0;
    for (let index = 0; at < records.length; index += 1) {
      bytes.writeBigInt64BE(BigInt(segment * RECORDS + index), at + 20);
      bytes.writeBigInt64BE(BigInt(start + at), at + 28);
      at += bytes.readInt32BE(at);
    }
    bytes.writeInt32BE(SEGMENT_BYTES - at, at);
    bytes.writeInt32BE(BLANK_MAGIC, at + 4);
    const file = path.join(directory, segmentFile(start));
    fs.writeFileSync(file, bytes);
    fs.truncateSync(file, SEGMENT_BYTES);
  }
}

/** The records of the topic at the beginning of the first segment. @param {string} file */
function recordsOf(file) {
  const log = Buffer.alloc(2 ** 20);
  const fd = fs.openSync(file, 'r');
  fs.readSync(fd, log, 0, log.length, 0);
  fs.closeSync(fd);
  /** @type {Buffer[]} */
  const records = [];
  for (let at = 0, size = log.readInt32BE(0); size > 0 && records.length < RECORDS; at += size, size = log.readInt32BE(at)) {
    const record = log.subarray(at, at + size);
    // The store's own records have other bodies.
    if (record.includes(TOPIC) && record.includes('kitekite')) records.push(record);
  }
  if (records.length < RECORDS) throw new Error(`the template has ${records.length} records`);
  return Buffer.concat(records);
}

/** A log of 100 GB in sparse files. @type {import('./common.mjs').Check} */
export async function hugeLog({ quick, log }) {
  const count = quick ? 10 : 100;
  return withCluster({ fileReservedTime: 8760 }, async (cluster) => {
    await createTopic(cluster, TOPIC, 1);
    await wireRun(cluster, ['--mode', 'closed', '--topic', TOPIC, '--queues', '1', '--kind', 'binary', '--seconds', '1', '--warm', '0', '--connections', '1', '--in-flight', '1']);
    await cluster.broker.stop();
    const directory = path.join(cluster.dir, 'data', 'commitlog');
    const records = recordsOf(path.join(directory, segmentFile(0)));
    fs.rmSync(path.join(cluster.dir, 'data', 'views'), { recursive: true });
    fs.rmSync(directory, { recursive: true });
    fs.mkdirSync(directory);
    growLog(directory, records, count);
    log(`${count} GiB of log; starting without views`);
    await cluster.startBroker();
    const rebuildMs = cluster.broker.startMs;
    const end = await withWire(cluster.brokerAddr, (wire) => maxOffset(wire, TOPIC, 0));
    if (end !== count * RECORDS) throw new Error(`${end} messages were found instead of ${count * RECORDS}`);
    // The topic's settings went with the log that was there.
    await createTopic(cluster, TOPIC, 1);
    await readAll(cluster, end, end);
    const read = holdings(cluster.broker.pid);
    const cleanMs = await restart(cluster, 'stop');
    const killedMs = await restart(cluster, 'kill');
    const what = `a log of ${count} GiB (sparse)`;
    return [
      row(`${what}: start without views`, rebuildMs, 'ms'),
      row(`${what}: start after a clean stop`, cleanMs, 'ms', 1000),
      row(`${what}: start after kill -9`, killedMs, 'ms', 1500),
      row(`${what}: file handles after reading all of it`, read.files, '', 150),
      row(`${what}: RSS after reading all of it`, read.rssMiB, 'MiB', 300),
    ];
  });
}
