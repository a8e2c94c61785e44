// Throughput of an echo server: CONNECTIONS × IN_FLIGHT requests outstanding, closed loop, raw sockets with ready-made frames on the other side.
// node packages/remoting/bench/echo.mjs [--seconds 4] [--connections 4] [--inflight 64] [--body 300] [--reply 0] [--type json|rocketmq] [--deferred]
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { encodeFrameHead, frameHeadSizeMax, Commands, SerializeType } from '@kitemq/protocol';
import { RemotingServer } from '@kitemq/remoting';
import { nodeRuntime } from '@kitemq/runtime';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '4' },
    inflight: { type: 'string', default: '64' },
    body: { type: 'string', default: '300' },
    reply: { type: 'string', default: '0' },
    type: { type: 'string', default: 'json' },
    deferred: { type: 'boolean', default: false },
    server: { type: 'boolean', default: false },
  },
});
const command = Commands.sendMessageV2;

if (options.server) await serve();
else await drive();

async function serve() {
  const runtime = nodeRuntime();
  const replyBody = Number(options.reply) > 0 ? Buffer.alloc(Number(options.reply), 1) : undefined;
  const answer = (request) => request.reply(command, 0, { msgId: 'C0A80001000000000000000000000000', queueId: 3, queueOffset: 12_345 }, replyBody === undefined ? undefined : { body: replyBody });
  let waiting = [];
  // As group commit does it: all requests of a turn are answered together, later.
  const later = (request) => {
    request.header(command.request);
    request.detach();
    if (waiting.push(request) === 1) {
      runtime.timers.setImmediate(() => {
        const batch = waiting;
        waiting = [];
        for (const each of batch) answer(each);
      });
    }
  };
  const now = (request) => {
    request.header(command.request);
    answer(request);
  };
  const server = new RemotingServer({ runtime, host: '127.0.0.1', port: 0, processors: () => (options.deferred ? later : now) });
  await server.start();
  process.on('message', (message) => {
    if (message === 'cpu') process.send({ cpu: process.cpuUsage(), counters: server.counters });
    else void server.shutdown().then(() => process.exit(0));
  });
  process.send({ port: server.port });
}

function requestFrame() {
  const frame = {
    serializeType: SerializeType[options.type], code: command.code, language: 0, version: 513, opaque: 7, flag: 0, remark: undefined, schema: command.request,
    values: { producerGroup: 'bench-producer', topic: 'BenchmarkTopic', defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 3, sysFlag: 0, bornTimestamp: 1_700_000_000_000, flag: 0, properties: 'UNIQ_KEY\u0001C0A80001000000000000000000000000\u0002WAIT\u0001true\u0002', reconsumeTimes: 0, unitMode: false, batch: false, brokerName: 'broker-a' },
    ext: undefined, bodyLength: Number(options.body),
  };
  const target = Buffer.alloc(frameHeadSizeMax(frame) + frame.bodyLength);
  return target.subarray(0, encodeFrameHead(target, 0, frame) + frame.bodyLength);
}

async function drive() {
  const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--server'], { execArgv: (process.env.SERVER_NODE_OPTIONS ?? '').split(' ').filter(Boolean) });
  const message = () => new Promise((resolve) => child.once('message', resolve));
  const { port } = await message();
  const ask = () => {
    const answer = message();
    child.send('cpu');
    return answer;
  };
  const request = requestFrame();
  const burst = Buffer.concat(Array(Number(options.inflight)).fill(request));
  let replies = 0;
  const sockets = [];
  for (let i = 0; i < Number(options.connections); i++) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    sockets.push(socket);
    let left = 0;
    let head = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      let count = 0;
      let at = 0;
      if (head.length > 0) {
        chunk = Buffer.concat([head, chunk]);
        head = Buffer.alloc(0);
      }
      if (left > 0) {
        at = Math.min(left, chunk.length);
        left -= at;
        if (left === 0) count++;
      }
      while (left === 0 && at < chunk.length) {
        if (chunk.length - at < 4) {
          head = chunk.subarray(at);
          break;
        }
        const size = chunk.readInt32BE(at) + 4;
        const here = Math.min(size, chunk.length - at);
        at += here;
        left = size - here;
        if (left === 0) count++;
      }
      replies += count;
      if (count > 0) socket.write(count === Number(options.inflight) ? burst : burst.subarray(0, count * request.length));
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(burst);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const [before, repliesBefore, startedAt] = [await ask(), replies, performance.now()];
  await new Promise((resolve) => setTimeout(resolve, Number(options.seconds) * 1_000));
  const [after, repliesAfter, endedAt] = [await ask(), replies, performance.now()];
  const done = repliesAfter - repliesBefore;
  const cpuUs = after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system;
  const writes = after.counters.writes - before.counters.writes;
  console.log(`${Math.round((done / (endedAt - startedAt)) * 1_000)} req/s, ${(cpuUs / done).toFixed(2)} us CPU/req (server), ${(done / writes).toFixed(1)} answers per write, ${options.connections}x${options.inflight}, body ${options.body}, reply ${options.reply}, ${options.type}${options.deferred ? ', deferred' : ''}`);
  for (const socket of sockets) socket.destroy();
  child.send('stop');
}
