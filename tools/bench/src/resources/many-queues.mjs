import { wireRun } from '../wire-process.mjs';
import { holdings, maxOffset, restart, row, withCluster, withWire } from './common.mjs';

const CREATE_TOPIC_LIST = 18;
const GET_ALL_TOPICS = 206;
/** The broker takes 2 000 at a time. */
const PAGE = 2000;

/** @param {string} topicName @param {number} queues */
const topicConfig = (topicName, queues) => ({ topicName, readQueueNums: queues, writeQueueNums: queues, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false, attributes: {} });

/** @param {import('./common.mjs').Cluster} cluster @param {string} name @param {{ topics: number, queues: number }} size */
export async function createTopics(cluster, name, { topics, queues }) {
  await withWire(cluster.brokerAddr, async (wire) => {
    for (let first = 0; first < topics; first += PAGE) {
      const topicConfigList = Array.from({ length: Math.min(PAGE, topics - first) }, (_, index) => topicConfig(`${name}_${first + index}`, queues));
      const { code, remark } = await wire.request(CREATE_TOPIC_LIST, {}, { body: Buffer.from(JSON.stringify({ topicConfigList })), timeoutMs: 60_000 });
      if (code !== 0) throw new Error(`creating topics was answered with ${code} ${remark}`);
    }
  });
}

/** @param {import('./common.mjs').Cluster} cluster @returns {Promise<number>} topics that the nameserver knows */
const routedTopics = (cluster) => withWire(cluster.namesrvAddr, async (wire) => JSON.parse((await wire.request(GET_ALL_TOPICS, {})).body.toString()).topicList.length);

/** 10 000 topics with 10 queues each, a message in every queue: memory, handles, and what a start takes. @type {import('./common.mjs').Check} */
export async function manyQueues({ quick, log }) {
  const size = { topics: quick ? 1000 : 10_000, queues: 10 };
  const what = `${size.topics} topics × ${size.queues} queues`;
  return withCluster({}, async (cluster) => {
    const { pid } = cluster.broker;
    const before = holdings(pid);
    const began = performance.now();
    await createTopics(cluster, 'q', size);
    const createMs = performance.now() - began;
    const known = await routedTopics(cluster);
    if (known < size.topics) throw new Error(`the nameserver knows ${known} topics`);
    const idle = holdings(pid);
    log(`${what}: a message in each`);
    const load = ['--mode', 'closed', '--topic', 'q', '--topics', `${size.topics}`, '--queues', `${size.queues}`, '--kind', 'binary', '--body', '100'];
    const sent = await wireRun(cluster, [...load, '--seconds', quick ? '2' : '8', '--warm', '0']);
    const last = await withWire(cluster.brokerAddr, (wire) => maxOffset(wire, `q_${size.topics - 1}`, size.queues - 1));
    if (last < 1) throw new Error(`only ${sent.messages} messages were stored: not one in every queue`);
    const loaded = holdings(pid);
    log(`${what}: restarts`);
    const cleanMs = await restart(cluster, 'stop');
    const restarted = holdings(cluster.broker.pid);
    await wireRun(cluster, [...load, '--seconds', '2', '--warm', '0']);
    const killedMs = await restart(cluster, 'kill');
    if ((await routedTopics(cluster)) < size.topics) throw new Error('topics are missing after the restart');
    return [
      row(`${what}: creating them`, createMs, 'ms', 15_000),
      row(`${what}: memory of a topic`, ((idle.ownMiB - before.ownMiB) * 1024) / size.topics, 'KiB'),
      row(`${what}: RSS under load`, loaded.rssMiB, 'MiB', 600),
      row(`${what}: of it without mapped files`, loaded.ownMiB, 'MiB', 450),
      row(`${what}: file handles under load`, loaded.files, '', 40),
      row(`${what}: start after a clean stop`, cleanMs, 'ms', 2000),
      row(`${what}: RSS after it`, restarted.rssMiB, 'MiB', 300),
      row(`${what}: start after kill -9`, killedMs, 'ms', 4000),
    ];
  });
}
