import { spawn } from 'node:child_process';
import path from 'node:path';

import { apacheClasspath, procStats, Wire } from '@kitemq/tool-targets';

const GET_MAX_OFFSET = 30;
const PACKAGE = 'org.apache.rocketmq.example.benchmark';

/** @param {number} seconds */
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * One of Apache's own benchmark programs as a child process.
 * @param {import('@kitemq/tool-targets').Cluster} cluster @param {'Producer' | 'Consumer'} program @param {string[]} args
 */
async function startProgram(cluster, program, args) {
  const home = path.join(cluster.dir, 'benchmark');
  const flags = ['-Xms512m', '-Xmx512m', '-Djava.net.preferIPv4Stack=true', `-Duser.home=${home}`, `-Drocketmq.client.logRoot=${home}/log`];
  const child = spawn('java', [...flags, '-cp', await apacheClasspath(), `${PACKAGE}.${program}`, '-n', cluster.namesrvAddr, '-ri', '1000', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  let output = '';
  child.stdout.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
  return {
    /** The last value that it printed after this label. @param {string} label */
    last(label) {
      const at = output.lastIndexOf(label);
      return at < 0 ? Number.NaN : Number.parseFloat(output.slice(at + label.length));
    },
    async stop() {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await closed;
      process.removeListener('exit', killChild);
    },
  };
}

/** @param {Wire} wire @param {string} topic @param {number} queues */
async function stored(wire, topic, queues) {
  let sum = 0;
  for (let queueId = 0; queueId < queues; queueId += 1) sum += Number((await wire.request(GET_MAX_OFFSET, { topic, queueId })).extFields['offset']);
  return sum;
}

/**
 * Apache's benchmark producer, 64 threads that send 1 KiB synchronously, optionally with its benchmark consumer beside it.
 * What is counted is what the broker stored in the measured time, not what the program prints.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @param {{ topic: string, queues: number, warmSeconds: number, seconds: number, consume: boolean }} options
 */
export async function javaBenchmark(cluster, { topic, queues, warmSeconds, seconds, consume }) {
  const consumer = consume ? await startProgram(cluster, 'Consumer', ['-t', topic, '-w', '20', '-g', `benchmark_${topic}`]) : undefined;
  const producer = await startProgram(cluster, 'Producer', ['-t', topic, '-w', '64', '-s', '1024']);
  const wire = await Wire.connect(cluster.brokerAddr);
  try {
    await sleep(warmSeconds);
    const before = { stats: procStats(cluster.broker.pid), messages: await stored(wire, topic, queues), at: performance.now() };
    await sleep(seconds);
    const messages = (await stored(wire, topic, queues)) - before.messages;
    const measured = (performance.now() - before.at) / 1000;
    const stats = procStats(cluster.broker.pid);
    return {
      perSecond: messages / measured,
      brokerCpuUs: (stats.cpuUs - before.stats.cpuUs) / messages,
      averageMs: producer.last('Average RT(ms):'),
      consumedPerSecond: consumer?.last('Consume TPS:') ?? Number.NaN,
      rssBytes: stats.rssBytes,
    };
  } finally {
    wire.close();
    await producer.stop();
    await consumer?.stop();
  }
}
