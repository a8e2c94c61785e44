import { PropertyKey, RecordView } from '@kitemq/protocol';
import type { Runtime } from '@kitemq/runtime';
import { sleep } from '@kitemq/runtime';
import type { CrashKind, SimulatedProcess, SimulatedRandom } from '@kitemq/simulator';
import { Simulation } from '@kitemq/simulator';
import { AppendOutcome, AppendStatus, openStore } from '@kitemq/store';
import type { AppendCompletion, MessageStore, ReadResult } from '@kitemq/store';
import { check } from '../check.ts';
import { inProcess } from '../in-process.ts';
import { makeBody, readBody } from '../message-body.ts';
import { rerunCommand } from '../rerun.ts';
import type { LifeCounts, Sabotage } from '../scenario.ts';
import { KeyLedger, type FoundValue } from './key-ledger.ts';

const directory = '/data/store';
const topic = 'prices';
const queueIds = [0, 1] as const;
const bornHost = Uint8Array.of(10, 0, 0, 9, 0, 0, 0x9c, 0x40);
const noProperties = new Uint8Array(0);
const keys = new PropertyKey('KEYS');
const messageId = new PropertyKey('ID');

interface Plan {
  readonly flushMode: 'sync' | 'async';
  readonly segmentBytes: number;
  readonly slabBytes: number;
  readonly hotTailBytes: number;
  readonly checkpointIntervalMs: number;
  readonly checkpointBytes: number;
  readonly asyncFlushIntervalMs: number;
  readonly compactionIntervalMs: number;
  readonly bodyBytesMax: number;
  readonly logBytesMax: number;
  readonly keyCount: number;
  readonly lives: number;
  readonly crashKinds: readonly CrashKind[];
  /** The topic is removed and made again. */
  readonly removes: boolean;
}

const drawPlan = (random: SimulatedRandom): Plan => ({
  flushMode: random.pick(['sync', 'async'] as const),
  segmentBytes: random.pick([4096, 8192, 32_768]),
  slabBytes: random.pick([1024, 4096]),
  hotTailBytes: random.pick([0, 2048, 65_536]),
  checkpointIntervalMs: random.pick([2, 10, 10_000]),
  checkpointBytes: random.pick([1, 4096, 1 << 20]),
  asyncFlushIntervalMs: random.pick([2, 100]),
  compactionIntervalMs: random.pick([1, 20, 100_000]),
  bodyBytesMax: random.pick([16, 200, 1500]),
  logBytesMax: random.pick([8192, 16_384, 65_536]),
  keyCount: random.pick([1, 3, 40]),
  lives: 2 + random.below(5),
  crashKinds: random.pick<readonly CrashKind[]>([['kill'], ['powerCut'], ['kill', 'powerCut']]),
  removes: random.chance(0.4),
});

/** One store with compacted queues: several lives, each ended by a crash at some step, while its log turns over. */
class CompactionStory {
  readonly simulation: Simulation;
  readonly ledgers: KeyLedger[] = queueIds.map((queueId) => new KeyLedger(`${topic}/${queueId}`));
  readonly counts = { lives: 0, kills: 0, powerCuts: 0, cleanStops: 0, deletedSegments: 0, removals: 0 };
  readonly #plan: Plan;
  readonly #process: SimulatedProcess;
  #lastId = 0;

  constructor(seed: number, sabotage: Sabotage) {
    this.simulation = new Simulation({ seed, rerun: rerunCommand('compaction', seed, sabotage) });
    this.#plan = drawPlan(this.simulation.random.fork('plan'));
    this.#process = this.simulation.process('broker');
    if (sabotage === 'ack-before-sync') this.#process.disk.faults.ignoreDatasync = true;
  }

  async tell(): Promise<void> {
    const { disk } = this.#process.runtime;
    disk.makeDirectorySync('/data');
    disk.syncDirectorySync('/');
    for (let life = 1; life <= this.#plan.lives; life++) await this.#live();
    await this.#inProcess(async (runtime) => {
      const store = await this.#start(runtime);
      await store.compact();
      await this.#verify(store, { restarted: true, compacted: true });
      await store.shutdown();
    });
  }

  async #live(): Promise<void> {
    const { random } = this.simulation;
    const process = this.#process;
    this.counts.lives++;
    process.crashKind = random.pick(this.#plan.crashKinds);
    if (random.chance(0.2)) process.disk.crashAfterOperations(1 + random.below(30));
    await this.#inProcess(async (runtime) => {
      const store = await this.#start(runtime);
      if (random.chance(0.8)) process.disk.crashAfterOperations(1 + random.below(250));
      for (let steps = 5 + random.below(60); steps > 0; steps--) await this.#step(store, runtime);
      if (random.chance(0.3)) {
        await store.shutdown();
        if (process.alive) this.counts.cleanStops++;
      }
    });
    if (process.crashKind === 'kill') this.counts.kills++;
    else this.counts.powerCuts++;
    if (process.alive) process.crash();
  }

  /** Runs code of the process until it ends or the process dies. */
  async #inProcess(task: (runtime: Runtime) => Promise<void>): Promise<void> {
    const process = this.#process;
    if (!process.alive) process.restart();
    await inProcess(process, task);
  }

  async #start(runtime: Runtime): Promise<MessageStore> {
    const process = this.#process;
    if (this.simulation.random.chance(0.15)) for (const image of process.disk.keyValues.values()) image.unreadable = true;
    const store = openStore({
      ...this.#plan,
      runtime,
      path: directory,
      storeHost: { address: '10.0.0.1', port: 10_911 },
      openKeyValue: process.openKeyValueStore,
      topicPolicy: (name) => (name === topic ? { cleanup: 'compact' } : undefined),
    });
    await store.start();
    await this.#verify(store, { restarted: true, compacted: false });
    return store;
  }

  async #step(store: MessageStore, runtime: Runtime): Promise<void> {
    const { random } = this.simulation;
    const what = random.below(20);
    if (this.#plan.removes && random.chance(0.05)) this.#remove(store);
    if (what < 9) for (let count = 1 + random.below(10); count > 0; count--) this.#put(store);
    else if (what < 14) for (let count = 1 + random.below(6); count > 0; count--) store.append(this.#message('others', 0, { body: makeBody(1, 700), properties: noProperties }), new Unheard());
    else if (what < 16) void this.#clean(store);
    else if (what < 17) void store.compact().catch(() => undefined);
    else if (what < 18) await this.#verify(store, { restarted: false, compacted: false });
    else await sleep(runtime.timers, random.below(30));
    if (random.chance(0.3)) await new Promise<void>((resolve) => void runtime.timers.setImmediate(resolve));
  }

  async #clean(store: MessageStore): Promise<void> {
    const report = await store.clean({ logBytesMax: this.#plan.logBytesMax }).catch(() => undefined);
    this.counts.deletedSegments += report?.deletedSegments ?? 0;
  }

  /** Nobody waits for it: compaction and retention may be under way, and go on. */
  #remove(store: MessageStore): void {
    const process = this.#process;
    const { runtime } = process;
    const ended = this.ledgers.map((ledger) => ledger.removing());
    this.counts.removals++;
    const removed = (): void => {
      if (process.alive && process.runtime === runtime) for (const end of ended) end();
    };
    void store.removeTopic(topic).then(removed, () => {});
  }

  #put(store: MessageStore): void {
    const { random } = this.simulation;
    const queueId = random.pick(queueIds);
    const ledger = this.ledgers[queueId]!;
    const id = ++this.#lastId;
    const key = `k${random.below(this.#plan.keyCount)}`;
    const isTombstone = random.chance(0.2);
    const body = isTombstone ? noProperties : makeBody(id, random.below(this.#plan.bodyBytesMax));
    const properties = Buffer.from(`KEYS\u0001${key}\u0002ID\u0001${id}\u0002`);
    const process = this.#process;
    ledger.sending(id, key, isTombstone);
    const completion: AppendCompletion = {
      physicalOffset: -1, queueOffset: -1, storeTimestamp: 0, physicalOffsets: undefined, recordBytes: undefined, recordEnd: 0, waitForFlush: true,
      // With async flush this is what makes the promise hold in a power cut.
      syncFlush: true,
      appended: (outcome) => {
        if (process.alive && outcome === AppendOutcome.stored) ledger.stored(id, completion.queueOffset);
      },
    };
    const status = store.append(this.#message(topic, queueId, { body, properties }), completion);
    check(status === AppendStatus.accepted || status === AppendStatus.busy, () => `a send was refused: ${status}`);
  }

  #message(name: string, queueId: number, content: { readonly body: Uint8Array; readonly properties: Uint8Array }) {
    return { topic: name, queueId, flag: 0, sysFlag: 0, bornTimestamp: 0, bornHost, reconsumeTimes: 0, preparedTransactionOffset: 0, tagsCode: 0, ...content };
  }

  async #verify(store: MessageStore, kind: { readonly restarted: boolean; readonly compacted: boolean }): Promise<void> {
    for (const queueId of queueIds) {
      // What is acknowledged while the queue is read need not be in what was read.
      const found = await readAll(store, queueId);
      if (found !== undefined) this.ledgers[queueId]!.verify(found, store.maxOffset(topic, queueId), kind);
    }
  }
}

/** Somebody who does not care. */
class Unheard implements AppendCompletion {
  physicalOffset = -1;
  queueOffset = -1;
  storeTimestamp = 0;
  physicalOffsets: number[] | undefined = undefined;
  recordBytes: Uint8Array | undefined = undefined;
  recordEnd = 0;
  readonly waitForFlush = false;
  appended(): void {}
}

/** All of a queue; undefined when it changed meanwhile. */
async function readAll(store: MessageStore, queueId: number): Promise<FoundValue[] | undefined> {
  const found: FoundValue[] = [];
  const view = new RecordView();
  const end = store.maxOffset(topic, queueId);
  const begin = store.minOffset(topic, queueId);
  check(begin <= end, () => `${topic}/${queueId} begins at ${begin} and ends at ${end}`);
  for (let offset = 0; offset < end; ) {
    const result = await new Promise<ReadResult>((resolve) =>
      store.read({ topic, queueId, offset, maxMessages: 32, maxBytes: 16_384, matchesTags: undefined, matchesRecord: undefined }, { readDone: resolve }),
    );
    if (result.status === 'MESSAGE_WAS_REMOVING' || store.maxOffset(topic, queueId) !== end) return undefined;
    check(result.nextBeginOffset > offset, () => `${topic}/${queueId}: reading at ${offset} of ${end} says ${result.status} and leads to ${result.nextBeginOffset}`);
    for (const record of result.records) {
      view.moveTo(record, 0);
      const { propertiesStart, propertiesEnd } = view;
      const id = Number(messageId.find(record, propertiesStart, propertiesEnd));
      check(view.bodyLength === 0 || readBody(view.body) === id, () => `message ${id} has the body of another`);
      check(view.queueOffset >= offset, () => `${topic}/${queueId}: asked for ${offset}, got ${view.queueOffset}`);
      found.push({ id, key: keys.find(record, propertiesStart, propertiesEnd)!, offset: view.queueOffset, isTombstone: view.bodyLength === 0 });
    }
    offset = result.nextBeginOffset;
  }
  return found;
}

/** Compacted queues whose log turns over, with crashes and power cuts at any step, lost views, restarts. @throws SimulationFailure */
export const compactionScenario = async (seed: number, sabotage: Sabotage): Promise<LifeCounts> => {
  const story = new CompactionStory(seed, sabotage);
  await story.simulation.run(() => story.tell());
  const acknowledged = story.ledgers.reduce((sum, ledger) => sum + ledger.acknowledged, 0);
  return { ...story.counts, acknowledged, events: story.simulation.eventCount };
};
