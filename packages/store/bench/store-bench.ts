import { mkdtempSync, readFileSync, rmSync, statSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { nodeRuntime, silentLogger, NodeDisk, type DiskFile, type OpenMode, type Runtime } from '@kitemq/runtime';
import { AppendStatus, LogStore, type AppendCompletion, type FlushMode, type MessageToAppend, type StoreOptions } from '../src/index.ts';

/** Counts what reaches the disk. */
class CountingDisk extends NodeDisk {
  syncs = 0;
  writes = 0;
  bytes = 0;

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    const datasync = file.datasync.bind(file);
    const writeSync = file.writeSync.bind(file);
    file.datasync = (done) => {
      this.syncs++;
      datasync(done);
    };
    file.writeSync = (source, offset, length, position) => {
      this.writes++;
      this.bytes += length;
      writeSync(source, offset, length, position);
    };
    return file;
  }
}

const bornHost = Buffer.from([10, 0, 0, 1, 0, 0, 0x9c, 0x40]);
const properties = Buffer.from('UNIQ_KEY\u0001AC1100010001000000000000000000FF\u0002WAIT\u0001true\u0002TRACE_ON\u0001true\u0002MSG_REGION\u0001DefaultRegion\u0002CLUSTER\u0001DefaultCluster\u0002');

function messageOf(bodyBytes: number, queueId: number): MessageToAppend {
  return {
    topic: 'BenchmarkTest',
    queueId,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: Date.now(),
    bornHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: Buffer.alloc(bodyBytes, 0x61),
    properties,
    tagsCode: 0,
  };
}

/** One sender with one message in flight; the next is sent when the last is stored. */
class Sender implements AppendCompletion {
  physicalOffset = 0;
  queueOffset = 0;
  storeTimestamp = 0;
  physicalOffsets: number[] | undefined;
  readonly waitForFlush = true;
  readonly #store: LogStore;
  readonly #message: MessageToAppend;
  readonly #run: AppendRun;

  constructor(store: LogStore, message: MessageToAppend, run: AppendRun) {
    this.#store = store;
    this.#message = message;
    this.#run = run;
  }

  send(): void {
    const status = this.#store.append(this.#message, this);
    if (status !== AppendStatus.accepted) throw new Error(`refused: ${status}`);
  }

  appended(): void {
    if (++this.#run.done + this.#run.inFlight <= this.#run.count) this.send();
    else if (this.#run.done === this.#run.count) this.#run.finished();
  }
}

interface AppendRun {
  done: number;
  readonly count: number;
  readonly inFlight: number;
  finished: () => void;
}

function sendAll(store: LogStore, count: number, shape: { readonly inFlight: number; readonly bodyBytes: number }): Promise<void> {
  const { inFlight, bodyBytes } = shape;
  return new Promise((resolve) => {
    const state: AppendRun = { done: 0, count, inFlight, finished: resolve };
    for (let index = 0; index < inFlight; index++) new Sender(store, messageOf(bodyBytes, index % 16), state).send();
  });
}

interface Opened {
  readonly store: LogStore;
  readonly disk: CountingDisk;
  readonly path: string;
  readonly options: StoreOptions;
}

async function open(flushMode: FlushMode, options: Partial<StoreOptions> = {}, path: string = mkdtempSync(join(process.env['KITEMQ_BENCH_DIR'] ?? tmpdir(), 'kitemq-bench-'))): Promise<Opened> {
  const disk = new CountingDisk();
  const runtime: Runtime = { ...nodeRuntime(), disk, logger: { ...silentLogger, error: (fields, text) => console.log(text, fields), warn: (fields, text) => console.log(text, fields) } };
  const all: StoreOptions = { runtime, path, storeHost: { address: '127.0.0.1', port: 10911 }, flushMode, ...options };
  const store = new LogStore(all);
  await store.start();
  return { store, disk, path, options: all };
}

const mebi = 1024 * 1024;
const show = (line: Readonly<Record<string, string | number>>): void => console.log(Object.entries(line).map(([key, value]) => `${key} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`).join('  '));

async function append(flushMode: FlushMode, inFlight: number, count: number, bodyBytes = 1024): Promise<void> {
  const { store, disk, path } = await open(flushMode);
  await sendAll(store, Math.min(count, 50_000), { inFlight, bodyBytes });
  const before = { syncs: disk.syncs, writes: disk.writes };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await sendAll(store, count, { inFlight, bodyBytes });
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  delay.disable();
  show({
    append: flushMode,
    body: bodyBytes,
    inFlight,
    'msgs/s': Math.round(count / seconds),
    'CPU µs/msg': (used.user + used.system) / count,
    'user µs/msg': used.user / count,
    'msgs/write': count / (disk.writes - before.writes),
    fsyncs: disk.syncs - before.syncs,
    'loop p99.9 ms': delay.percentile(99.9) / 1e6,
    'RSS MB': process.memoryUsage().rss / mebi,
  });
  await store.shutdown();
  rmSync(path, { recursive: true, force: true });
}

async function tail(): Promise<void> {
  const { store, path } = await open('async');
  await sendAll(store, 20_000, { inFlight: 256, bodyBytes: 1024 });
  let messages = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  for (let round = 0; round < 200_000 / 32; round++) {
    const max = store.maxOffset('BenchmarkTest', 3);
    store.read(
      { topic: 'BenchmarkTest', queueId: 3, offset: max - 32 - (round % 500), maxMessages: 32, maxBytes: 262_144, matchesTags: undefined, matchesRecord: undefined },
      { readDone: (result) => (messages += result.messageCount) },
    );
  }
  const used = process.cpuUsage(cpu);
  show({ 'read tail': '32 per read', 'msgs/s': Math.round(messages / ((performance.now() - start) / 1000)), 'CPU µs/msg': (used.user + used.system) / messages });
  await store.shutdown();
  rmSync(path, { recursive: true, force: true });
}

async function cold(): Promise<void> {
  const { store, path } = await open('async', { hotTailBytes: 0 });
  await sendAll(store, 100_000, { inFlight: 256, bodyBytes: 1024 });
  let messages = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(
    Array.from({ length: 16 }, async (_, queueId) => {
      for (let offset = 0; offset < store.maxOffset('BenchmarkTest', queueId); ) {
        offset = await new Promise<number>((resolve) =>
          store.read(
            { topic: 'BenchmarkTest', queueId, offset, maxMessages: 32, maxBytes: 262_144, matchesTags: undefined, matchesRecord: undefined },
            { readDone: (result) => ((messages += result.messageCount), resolve(result.nextBeginOffset)) },
          ),
        );
      }
    }),
  );
  const used = process.cpuUsage(cpu);
  show({ 'read page cache': '16 readers, 32 per read', 'msgs/s': Math.round(messages / ((performance.now() - start) / 1000)), 'CPU µs/msg': (used.user + used.system) / messages });
  await store.shutdown();
  rmSync(path, { recursive: true, force: true });
}

/** CPU time of the thread that runs this, without LMDB's and libuv's: what decides how long a start takes on an idle machine. */
function mainThreadMs(): number {
  const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const folderBytes = (path: string): number => readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).blocks * 512, 0);

async function restart(): Promise<void> {
  const { store, path, options, disk } = await open('async');
  await sendAll(store, 800_000, { inFlight: 256, bodyBytes: 1024 });
  const logged = disk.bytes;
  await store.shutdown();
  show({ 'log MB': logged / mebi, 'views MB': folderBytes(join(path, 'views')) / mebi });
  for (const name of ['clean', 'views removed']) {
    if (name !== 'clean') rmSync(join(path, 'views'), { recursive: true });
    const again = new LogStore(options);
    const start = performance.now();
    const cpu = process.cpuUsage();
    const mainBefore = mainThreadMs();
    const report = await again.start();
    const mainMs = mainThreadMs() - mainBefore;
    const ms = performance.now() - start;
    const used = process.cpuUsage(cpu);
    show({ restart: name, ms, 'CPU ms': (used.user + used.system) / 1000, replayed: report.replayedRecords, 'main thread ms': mainMs, 'MB/s': report.replayedRecords === 0 ? 0 : logged / 1e6 / (ms / 1000), 'MB/s of main thread': report.replayedRecords === 0 ? 0 : logged / 1e6 / (mainMs / 1000), 'RSS MB': process.memoryUsage().rss / mebi });
    await again.shutdown();
  }
  rmSync(path, { recursive: true, force: true });
}

async function empty(): Promise<void> {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const { store, path } = await open('sync');
  show({ 'start of an empty store ms': performance.now() - start, 'RSS MB': process.memoryUsage().rss / mebi, 'of it the store MB': (process.memoryUsage().rss - before) / mebi });
  await store.shutdown();
  rmSync(path, { recursive: true, force: true });
}

/** Many queues with one message each: what an idle queue costs in memory and at start. */
async function queues(): Promise<void> {
  const count = 100_000;
  const { store, path, options } = await open('async');
  globalThis.gc?.();
  const before = process.memoryUsage();
  let done = 0;
  await new Promise<void>((resolve) => {
    const completion: AppendCompletion = { physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, waitForFlush: true, appended: () => void (++done === count && resolve()) };
    for (let index = 0; index < count; index++) {
      const status = store.append({ ...messageOf(100, index % 10), topic: `Topic${Math.floor(index / 10)}` }, completion);
      if (status !== AppendStatus.accepted) throw new Error(`refused: ${status}`);
    }
  });
  globalThis.gc?.();
  const after = process.memoryUsage();
  show({ queues: count, 'heap bytes/queue': (after.heapUsed - before.heapUsed) / count, 'external bytes/queue': (after.external - before.external) / count, 'RSS MB': after.rss / mebi });
  await store.shutdown();
  const again = new LogStore(options);
  const start = performance.now();
  await again.start();
  show({ 'start with them ms': performance.now() - start });
  await again.shutdown();
  rmSync(path, { recursive: true, force: true });
}

const benches: Readonly<Record<string, () => Promise<void>>> = {
  empty,
  async256: () => append('async', 256, 1_000_000),
  sync256: () => append('sync', 256, 500_000),
  sync1: () => append('sync', 1, 2000),
  async1: () => append('async', 1, 100_000),
  small: () => append('async', 256, 1_000_000, 100),
  large: () => append('async', 256, 100_000, 10_240),
  tail,
  cold,
  restart,
  queues,
};
const wanted = process.argv.slice(2);
for (const [name, bench] of Object.entries(benches)) if (wanted.length === 0 || wanted.includes(name)) await bench();
