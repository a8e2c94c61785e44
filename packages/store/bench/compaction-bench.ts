import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { AppendStatus, LogStore, type AppendCompletion, type MessageToAppend } from '../src/index.ts';

// Appends messages of many keys to one compacted queue, compacts, reads what is left, and has the log turn over: what each of it takes.
const [messages = 500_000, keys = 50_000, bodyBytes = 256] = process.argv.slice(2).map(Number);
const topic = 'Compacted';
const bornHost = Buffer.from([10, 0, 0, 1, 0, 0, 0x9c, 0x40]);
const path = mkdtempSync(join(tmpdir(), 'kitemq-compaction-'));
const segmentBytes = 64 * 1024 * 1024;

const openIt = async (): Promise<LogStore> => {
  const store = new LogStore({
    runtime: { ...nodeRuntime(), logger: silentLogger }, path, storeHost: { address: '127.0.0.1', port: 10911 }, flushMode: 'async', segmentBytes, hotTailBytes: 0, compactionIntervalMs: 2 ** 31 - 1,
    keyIndex: false, topicPolicy: (name) => (name === topic ? { cleanup: 'compact' } : undefined),
  });
  await store.start();
  return store;
};

const messageOf = (name: string, index: number): MessageToAppend => ({
  topic: name, queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 0, bornHost, reconsumeTimes: 0, preparedTransactionOffset: 0, tagsCode: 0,
  body: Buffer.alloc(bodyBytes, 0x61), properties: Buffer.from(`KEYS\u0001user-${(index * 7919) % keys}\u0002`),
});

const fill = (store: LogStore, name: string, count: number): Promise<void> =>
  new Promise((resolve) => {
    let sent = 0;
    let done = 0;
    const completion: AppendCompletion = {
      physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, recordBytes: undefined, recordEnd: 0, waitForFlush: false,
      appended: () => {
        if (++done === count) resolve();
        else if (sent < count) send();
      },
    };
    const send = (): void => {
      if (store.append(messageOf(name, sent++), completion) !== AppendStatus.accepted) throw new Error('refused');
    };
    for (let first = 0; first < 256; first++) send();
  });

const readAll = async (store: LogStore): Promise<{ found: number; reads: number }> => {
  let [found, reads] = [0, 0];
  for (let offset = 0; offset < store.maxOffset(topic, 0); reads++) {
    offset = await new Promise<number>((resolve) =>
      store.read({ topic, queueId: 0, offset, maxMessages: 32, maxBytes: 262_144, matchesTags: undefined, matchesRecord: undefined, transient: true }, {
        readDone: (result) => {
          found += result.messageCount;
          resolve(result.nextBeginOffset);
        },
      }),
    );
  }
  return { found, reads };
};

const measured = async <T>(name: string, work: () => Promise<T>, per: (result: T) => string): Promise<T> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const result = await work();
  const ms = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  console.log(`${name}: ${ms.toFixed(0)} ms, CPU ${((user + system) / 1000).toFixed(0)} ms, ${per(result)}, loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} max ${(delay.max / 1e6).toFixed(1)} ms, rss ${megabytes(process.memoryUsage().rss)} MB`);
  return result;
};

let store = await openIt();
const count = (read: { found: number; reads: number }): string => `${read.found} messages in ${read.reads} reads`;
await measured('append', () => fill(store, topic, messages), () => `${messages} messages of ${keys} keys`);
await measured('read all, not compacted', () => readAll(store), count);
await measured('compact', () => store.compact(), () => `${messages} messages`);
await measured('read all, compacted', () => readAll(store), count);
await measured('append as many again', () => fill(store, topic, messages), () => `${messages} messages`);
await measured('compact again', () => store.compact(), () => `${messages} messages`);
await measured('fill another topic', () => fill(store, 'Other', messages), () => `${messages} messages`);
await measured('carry over and delete', () => store.clean({ logBytesMax: segmentBytes }), (report) => `${report.deletedSegments} segments`);
await measured('read all, carried over', () => readAll(store), count);
await store.shutdown();
store = await measured('restart', openIt, () => 'clean');
await measured('read all, restarted', () => readAll(store), count);
await store.shutdown();
rmSync(path, { recursive: true });
