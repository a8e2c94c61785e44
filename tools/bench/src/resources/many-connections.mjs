import net from 'node:net';

import { procStats } from '@kitemq/tool-targets';

import { encodeRequest } from '../wire/index.mjs';
import { holdings, row, withCluster } from './common.mjs';

const HEART_BEAT = 34;
/** Connections that are being made at a time. */
const DIALS = 128;

/** @param {number} index */
function heartbeat(index) {
  const consumer = { groupName: `CG_${index % 100}`, consumeType: 'CONSUME_PASSIVELY', messageModel: 'CLUSTERING', consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET', subscriptionDataSet: [], unitMode: false };
  return encodeRequest('json', HEART_BEAT, {}, Buffer.from(JSON.stringify({ clientID: `127.0.0.1@${index}`, producerDataSet: [{ groupName: 'PG' }], consumerDataSet: [consumer] })));
}

/** Connected, and its heartbeat answered. @param {number} port @param {number} index @returns {Promise<net.Socket>} */
function client(port, index) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`connection ${index} was closed by the broker`)));
    socket.once('data', () => {
      socket.resume();
      resolve(socket);
    });
    socket.write(heartbeat(index));
  });
}

/** @param {number} port @param {number} count @returns {Promise<net.Socket[]>} */
async function dial(port, count) {
  /** @type {net.Socket[]} */
  const sockets = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: DIALS }, async () => {
      while (next < count) sockets.push(await client(port, next++));
    }),
  );
  return sockets;
}

/** 10 000 clients that have sent a heartbeat and are quiet: memory of each, how fast they come, what they cost at rest. @type {import('./common.mjs').Check} */
export async function manyConnections({ quick, log }) {
  const count = quick ? 1000 : 10_000;
  const restSeconds = quick ? 11 : 25;
  return withCluster({}, async (cluster) => {
    const { pid } = cluster.broker;
    // The first hundred bring what is made once.
    const first = await dial(cluster.brokerPort, 100);
    const before = holdings(pid);
    const began = performance.now();
    const sockets = await dial(cluster.brokerPort, count);
    const seconds = (performance.now() - began) / 1000;
    const after = holdings(pid);
    log(`${count} connections in ${seconds.toFixed(1)} s; at rest for ${restSeconds} s`);
    const cpuBefore = procStats(pid).cpuUs;
    await new Promise((resolve) => setTimeout(resolve, restSeconds * 1000));
    const restShare = (procStats(pid).cpuUs - cpuBefore) / (restSeconds * 1e6);
    const open = sockets.filter((socket) => !socket.destroyed).length;
    for (const socket of [...first, ...sockets]) socket.removeAllListeners('close').destroy();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return [
      row(`${count} connections: accepted, with a heartbeat answered`, count / seconds, '1/s'),
      row(`${count} connections: closed meanwhile`, count - open, '', 0),
      row(`${count} connections: memory of each`, ((after.rssMiB - before.rssMiB) * 1024) / count, 'KiB', 24),
      row(`${count} connections: RSS`, after.rssMiB, 'MiB', 400),
      row(`${count} connections: CPU at rest`, restShare * 100, '% of a core', 5),
      row(`${count} connections: handles left when they are gone`, holdings(pid).handles, '', 60),
    ];
  });
}
