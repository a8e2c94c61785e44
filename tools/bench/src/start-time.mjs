import net from 'node:net';

import { procStats, startCluster, Wire } from '@kitemq/tool-targets';

const SEND_MESSAGE_V2 = 310;
const GET_ROUTE = 105;
/** There from the start on every broker. */
const TOPIC = 'BenchmarkTest';

/** @param {number} port @returns {Promise<boolean>} */
function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** @param {() => Promise<boolean>} ask */
async function poll(ask) {
  while (!(await ask().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** @param {import('@kitemq/tool-targets').Cluster} cluster @returns {Promise<boolean>} */
async function routed(cluster) {
  const nameserver = await Wire.connect(cluster.namesrvAddr);
  const { code } = await nameserver.request(GET_ROUTE, { topic: TOPIC });
  nameserver.close();
  return code === 0;
}

/** @param {import('@kitemq/tool-targets').Cluster} cluster @returns {Promise<boolean>} */
async function sends(cluster) {
  const broker = await Wire.connect(cluster.brokerAddr);
  const fields = { a: 'PG_start', b: TOPIC, c: 'TBW102', d: 4, e: 0, f: 0, g: Date.now(), h: 0, i: '', j: 0, k: false, m: false };
  const { code } = await broker.request(SEND_MESSAGE_V2, fields, { body: Buffer.alloc(100, 1), timeoutMs: 5000 });
  broker.close();
  return code === 0;
}

/**
 * Starts the cluster's broker, which must not run, and times what a client sees from the moment of the spawn.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 */
async function timeStart(cluster) {
  const startedAt = performance.now();
  const starting = cluster.startBroker();
  // Rejects here only when polling never ends; the error of a start that failed is more useful.
  await Promise.race([poll(() => accepts(cluster.brokerPort)), starting]);
  const acceptMs = performance.now() - startedAt;
  await Promise.race([poll(() => sends(cluster)), starting.then(() => poll(() => sends(cluster)))]);
  const sendMs = performance.now() - startedAt;
  await poll(() => routed(cluster));
  const routedMs = performance.now() - startedAt;
  await starting;
  return { acceptMs, sendMs: Math.max(sendMs, routedMs) };
}

/**
 * A broker on an empty directory, then stopped and started again on what it stored.
 * @param {'kitemq' | 'apache'} target @param {{ idleSeconds: number, fill: (cluster: import('@kitemq/tool-targets').Cluster) => Promise<void> }} options
 */
export async function startTimes(target, { idleSeconds, fill }) {
  const cluster = await startCluster({ target, flush: 'async', settings: { autoCreateTopicEnable: true } });
  try {
    await cluster.broker.stop();
    // Its own first start made the directory; what is timed is the same work again on a directory with a few records.
    const empty = await timeStart(cluster);
    await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
    const idleRssBytes = procStats(cluster.broker.pid).rssBytes;
    await fill(cluster);
    await cluster.broker.stop();
    const filled = await timeStart(cluster);
    await cluster.broker.kill();
    const killed = await timeStart(cluster);
    return { empty, filled, killed, idleRssBytes };
  } finally {
    await cluster.stop();
  }
}
