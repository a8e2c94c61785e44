import type { Runtime } from '@kitemq/runtime';
import { type CrashKind, type SimulatedProcess, Simulation } from '@kitemq/simulator';
import { type MessageStore, openStore } from '@kitemq/store';
import { inProcess } from '../in-process.ts';
import { StoreLedger } from './store-ledger.ts';
import type { RetentionPlan, StorePlan } from './store-plan.ts';
import { StoreWorkload } from './store-workload.ts';
import { verifyStore } from './verify-store.ts';

/** One crash of one short life, at a chosen change of the disk; and perhaps another in the start after it. */
export interface CrashPoint {
  /** Decides what is sent, and whether a crash comes before, during or after the change. */
  readonly seed: number;
  readonly kind: CrashKind;
  readonly flushMode: 'sync' | 'async';
  /** Segments are deleted meanwhile, and a topic keeps little. */
  readonly deletes?: boolean;
  /** The first life ends with its n-th change of the disk, counted from its start. */
  readonly at: number;
  /** The second life ends with its n-th, unless its start is over before. */
  readonly againAt?: number;
}

/** Which crashes happened: those planned for later than the life was long did not. */
export interface CrashPointResult {
  readonly crashed: boolean;
  readonly crashedAgain: boolean;
  readonly deletedSegments: number;
}

const retention: RetentionPlan = { ageMs: 10, logBytesMax: 9000, diskBytes: undefined, topicAgeMs: undefined, topicBytes: 2000 };

const directory = '/data/store';
const steps = 45;

/** Small files, a checkpoint and a proof every few records: each kind of change comes several times in a short life. */
const planOf = ({ flushMode, deletes }: CrashPoint): StorePlan => ({
  flushMode,
  segmentBytes: 4096,
  slabBytes: 1024,
  hotTailBytes: 2048,
  checkpointIntervalMs: 2,
  checkpointBytes: 1024,
  offsetFlushIntervalMs: 5,
  asyncFlushIntervalMs: 5,
  syncFlushTimeoutMs: 50,
  bodyBytesMax: 400,
  keyPartEntries: 8,
  lives: 1,
  crashKinds: [],
  fullDisk: false,
  slowDisk: false,
  failingDisk: false,
  failsAnywhere: false,
  retention: deletes === true ? retention : undefined,
  wrongClock: false,
  failingReads: false,
  removes: deletes === true,
  manyQueues: 0,
  operationsMax: 0,
  inFlightBytesMax: 1 << 20,
  losesLog: false,
});

class CrashPointStory {
  readonly simulation: Simulation;
  readonly #point: CrashPoint;
  readonly #plan: StorePlan;
  readonly #process: SimulatedProcess;
  readonly #ledger = new StoreLedger();

  constructor(point: CrashPoint) {
    this.#point = point;
    this.#plan = planOf(point);
    this.simulation = new Simulation({ seed: point.seed, rerun: JSON.stringify(point) });
    this.#process = this.simulation.process('broker');
    this.#process.crashKind = point.kind;
  }

  async tell(): Promise<CrashPointResult> {
    const { at, againAt } = this.#point;
    const { disk } = this.#process.runtime;
    disk.makeDirectorySync('/data');
    disk.syncDirectorySync('/');
    const crashed = await this.#life(at, async (runtime) => {
      const store = await this.#open(runtime);
      await this.#work(store, runtime, steps);
      await store.shutdown();
    });
    const crashedAgain = againAt !== undefined && (await this.#life(againAt, (runtime) => this.#start(runtime)));
    await this.#life(undefined, async (runtime) => {
      const store = await this.#open(runtime);
      await verifyStore(store, this.#ledger, false);
      this.#ledger.retention.verify(this.#plan.retention, this.#ledger.queues, { now: runtime.clock.now(), maxPosition: store.maxPosition, segmentBytes: this.#plan.segmentBytes, trustClock: true });
      await this.#work(store, runtime, 3);
      await store.shutdown();
    });
    await this.#life(undefined, async (runtime) => {
      const store = await this.#open(runtime);
      await verifyStore(store, this.#ledger, true);
      await store.shutdown();
    });
    return { crashed, crashedAgain, deletedSegments: this.#ledger.retention.deletedSegments };
  }

  /** True when it ended by the crash that was planned. */
  async #life(crashAt: number | undefined, task: (runtime: Runtime) => Promise<void>): Promise<boolean> {
    const process = this.#process;
    if (!process.alive) process.restart();
    process.disk.crashAfterOperations(crashAt);
    await inProcess(process, task);
    if (process.alive) return false;
    this.#ledger.crashed(this.#point.kind, this.#point.flushMode);
    return true;
  }

  async #start(runtime: Runtime): Promise<void> {
    const store = await this.#open(runtime);
    this.#process.disk.crashAfterOperations(undefined);
    await store.shutdown();
  }

  async #open(runtime: Runtime): Promise<MessageStore> {
    const store = openStore({ ...this.#plan, runtime, path: directory, storeHost: { address: '10.0.0.1', port: 10_911 }, openKeyValue: this.#process.openKeyValueStore });
    await store.start();
    return store;
  }

  #work(store: MessageStore, runtime: Runtime, count: number): Promise<void> {
    return new StoreWorkload({ process: this.#process, runtime, store, ledger: this.#ledger, plan: this.#plan, random: this.simulation.random.fork('work') }).run(count);
  }
}

/** Lives through one crash and checks every promise afterwards. @throws SimulationFailure */
export const liveThrough = async (point: CrashPoint): Promise<CrashPointResult> => {
  const story = new CrashPointStory(point);
  return story.simulation.run(() => story.tell());
};
