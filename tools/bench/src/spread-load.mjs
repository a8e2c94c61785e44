import { createTopic } from '@kitemq/tool-targets';

import { wireRun } from './wire-process.mjs';

/** Between the ports of shards. */
export const PORT_STEP = 10;
const QUEUES = 8;

let topics = 0;

/** The same generators whatever the number of shards, all at once, spread over them. */
export class SpreadLoad {
  /** @param {import('@kitemq/tool-targets').Cluster} cluster @param {{ shards: number, generators: number }} spread */
  constructor(cluster, { shards, generators }) {
    this.cluster = cluster;
    this.generators = generators;
    this.addresses = Array.from({ length: shards }, (_, shard) => `127.0.0.1:${cluster.brokerPort + shard * PORT_STEP}`);
  }

  /** A topic on every shard. */
  async newTopic() {
    topics += 1;
    const topic = `spread_${topics}`;
    for (const brokerAddr of this.addresses) await createTopic({ brokerAddr, namesrvAddr: this.cluster.namesrvAddr }, topic, QUEUES);
    return topic;
  }

  /** @param {string[]} args of wire.mjs */
  async run(args) {
    const runs = Array.from({ length: this.generators }, (_, index) => wireRun(this.cluster, [...args, '--queues', `${QUEUES}`, '--broker', this.addresses[index % this.addresses.length] ?? '']));
    const results = await Promise.all(runs);
    const messages = results.reduce((sum, result) => sum + result.messages, 0);
    // Each generator divides the CPU time of the same process by its own messages.
    const cpuUs = results.reduce((sum, result) => sum + result.brokerCpuUs * result.messages, 0) / results.length;
    return {
      perSecond: results.reduce((sum, result) => sum + result.perSecond, 0),
      cpuUs: cpuUs / messages,
      p99Us: Math.max(...results.map(({ latencyUs }) => latencyUs?.p99 ?? Number.NaN)),
    };
  }
}
