import { createTopic } from '@kitemq/tool-targets';

import { wireRun } from '../wire-process.mjs';
import { holdings, maxOffset, quantile, restart, row, withCluster, withWire } from './common.mjs';

const PULL_MESSAGE = 11;
const SEARCH_OFFSET_BY_TIMESTAMP = 29;
const TOPIC = 'deep';
const BATCH = 32;

/** @param {import('@kitemq/tool-targets').Wire} wire @param {number} offset */
async function pull(wire, offset) {
  const fields = { consumerGroup: 'CG', topic: TOPIC, queueId: 0, queueOffset: offset, maxMsgNums: BATCH, sysFlag: 4, commitOffset: 0, suspendTimeoutMillis: 0, subscription: '*', subVersion: 0, expressionType: 'TAG' };
  const { code, body, extFields } = await wire.request(PULL_MESSAGE, fields);
  if (code !== 0 || Number(extFields['nextBeginOffset']) !== offset + BATCH) throw new Error(`a pull at ${offset} was answered with ${code}, next ${extFields['nextBeginOffset']}`);
  // Queue offset of the first record, int64 behind size, magic, CRC, queue id and flag.
  if (Number(body.readBigInt64BE(20)) !== offset) throw new Error(`the pull at ${offset} brought another message`);
  return Number(body.readBigInt64BE(56)); // its store time
}

/** @param {import('@kitemq/tool-targets').Wire} wire @param {number} end */
async function readAnywhere(wire, end) {
  /** @type {number[]} */
  const pulls = [];
  /** @type {number[]} */
  const searches = [];
  for (let round = 0; round < 500; round += 1) {
    const offset = Math.floor(Math.random() * (end - BATCH));
    let began = performance.now();
    const storeTime = await pull(wire, offset);
    pulls.push(performance.now() - began);
    if (round % 10 !== 0) continue;
    began = performance.now();
    const found = Number((await wire.request(SEARCH_OFFSET_BY_TIMESTAMP, { topic: TOPIC, queueId: 0, timestamp: storeTime, boundaryType: 'LOWER' })).extFields['offset']);
    searches.push(performance.now() - began);
    if (found > offset) throw new Error(`the search for the time of ${offset} found ${found}`);
  }
  return { pulls, searches };
}

/** 10 million messages in one queue: reads anywhere, searches by time, memory, starts. @type {import('./common.mjs').Check} */
export async function deepBacklog({ quick, log }) {
  const wanted = quick ? 200_000 : 10_000_000;
  return withCluster({}, async (cluster) => {
    await createTopic(cluster, TOPIC, 1);
    const count = () => withWire(cluster.brokerAddr, (wire) => maxOffset(wire, TOPIC, 0));
    let end = 0;
    while (end < wanted) {
      await wireRun(cluster, ['--mode', 'closed', '--topic', TOPIC, '--queues', '1', '--kind', 'binary', '--body', '16', '--seconds', quick ? '2' : '15', '--warm', '0', '--in-flight', '256']);
      end = await count();
      log(`${end} messages in the queue`);
    }
    const filled = holdings(cluster.broker.pid);
    const cleanMs = await restart(cluster, 'stop');
    if ((await count()) !== end) throw new Error('messages are missing after the restart');
    const { pulls, searches } = await withWire(cluster.brokerAddr, (wire) => readAnywhere(wire, end));
    const read = holdings(cluster.broker.pid);
    const killedMs = await restart(cluster, 'kill');
    const what = `${(end / 1e6).toFixed(1)} M messages in a queue`;
    return [
      row(`${what}: RSS when they were sent`, filled.rssMiB, 'MiB', 300),
      row(`${what}: start after a clean stop`, cleanMs, 'ms', 1000),
      row(`${what}: start after kill -9`, killedMs, 'ms', 2000),
      row(`${what}: pull of ${BATCH} anywhere, p50`, quantile(pulls, 0.5), 'ms'),
      row(`${what}: pull of ${BATCH} anywhere, p99`, quantile(pulls, 0.99), 'ms', 50),
      row(`${what}: search by time, p50`, quantile(searches, 0.5), 'ms', 50),
      row(`${what}: RSS after reading anywhere`, read.rssMiB, 'MiB', 300),
    ];
  });
}
