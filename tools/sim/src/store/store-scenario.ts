import type { Runtime } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { CrashKind, DiskFaults, SimulatedProcess } from '@kitemq/simulator';
import { Simulation } from '@kitemq/simulator';
import { openStore } from '@kitemq/store';
import type { MessageStore, StoreOptions } from '@kitemq/store';
import { check } from '../check.ts';
import { inProcess } from '../in-process.ts';
import { rerunCommand } from '../rerun.ts';
import { writeLater } from '../sabotaged-disk.ts';
import type { LifeCounts, Sabotage } from '../scenario.ts';
import { acceptLoss, loseSegment } from './lost-segment.ts';
import type { LostSegment } from './lost-segment.ts';
import { StoreLedger } from './store-ledger.ts';
import type { StorePlan } from './store-plan.ts';
import { drawStorePlan } from './store-plan.ts';
import { StoreWorkload } from './store-workload.ts';
import { verifyStore } from './verify-store.ts';

const directory = '/data/store';

const noFaults: Partial<DiskFaults> = { slowDatasyncProbability: 0, failDatasyncProbability: 0, failWriteProbability: 0, failEntryProbability: 0, failCommitProbability: 0, failReadProbability: 0 };

/** The whole story of one store: several lives, each but the last ended by a crash or a clean stop at some step. */
class StoreStory {
  readonly simulation: Simulation;
  readonly ledger: StoreLedger;
  readonly counts = { lives: 0, kills: 0, powerCuts: 0, cleanStops: 0, failedStarts: 0 };
  readonly #plan: StorePlan;
  readonly #process: SimulatedProcess;
  readonly #sabotage: Sabotage;
  #hasLostLog = false;
  #lastStop: 'crashed' | 'begun' | 'clean' = 'crashed';

  constructor(seed: number, sabotage: Sabotage) {
    this.simulation = new Simulation({ seed, rerun: rerunCommand('store', seed, sabotage) });
    this.#plan = drawStorePlan(this.simulation.random.fork('plan'));
    this.ledger = new StoreLedger(this.#plan.manyQueues);
    this.#process = this.simulation.process('broker');
    this.#sabotage = sabotage;
    if (sabotage === 'ack-before-sync') this.#process.disk.faults.ignoreDatasync = true;
  }

  async tell(): Promise<void> {
    const { disk } = this.#process.runtime;
    disk.makeDirectorySync('/data');
    disk.syncDirectorySync('/');
    for (let life = 1; life <= this.#plan.lives; life++) await this.#live();
    // The last life only looks.
    await this.#inProcess(async (runtime) => {
      const store = await this.#start(runtime);
      await this.#stop(store);
    });
    if (this.#plan.losesLog && this.#lastStop === 'clean') await this.#loseSegment();
  }

  /** Between two lives, of which the first has ended in order. */
  async #loseSegment(): Promise<void> {
    const { random } = this.simulation;
    const lost = loseSegment(this.#process.runtime.disk, directory, random);
    if (lost === undefined) return;
    this.#hasLostLog = true;
    await this.#inProcess(async (runtime) => {
      const store = await this.#start(runtime, lost);
      await new StoreWorkload({ process: this.#process, runtime, store, ledger: this.ledger, plan: this.#plan, random }).run(10);
    });
    this.#process.kill();
    await this.#inProcess(async (runtime) => {
      const store = await this.#start(runtime);
      await store.shutdown();
    });
  }

  async #live(): Promise<void> {
    const { random } = this.simulation;
    const process = this.#process;
    this.counts.lives++;
    if (this.#plan.wrongClock) process.machine.clock.skewMs = random.between(-3_600_000, 3_600_000);
    const crashKind = random.pick(this.#plan.crashKinds);
    process.crashKind = crashKind;
    const isDuringStart = random.chance(0.2);
    if (isDuringStart) process.disk.crashAfterOperations(1 + random.below(20));
    await this.#inProcess(async (runtime) => {
      const store = await this.#start(runtime);
      if (!isDuringStart) process.disk.crashAfterOperations(1 + random.below(this.#plan.operationsMax));
      const workload = new StoreWorkload({ process, runtime, store, ledger: this.ledger, plan: this.#plan, random });
      await workload.run(2 + random.below(40));
      if (store.failure === undefined && random.chance(0.3)) await this.#stop(store);
    });
    if (process.alive) process.crash();
    this.#crashed(crashKind);
  }

  /** Runs code of the process until it ends or the process dies. */
  async #inProcess(task: (runtime: Runtime) => Promise<void>): Promise<void> {
    const process = this.#process;
    if (!process.alive) process.restart();
    process.disk.totalBytes = 2 ** 40;
    Object.assign(process.disk.faults, noFaults);
    await inProcess(process, task);
  }

  async #start(runtime: Runtime, lost?: LostSegment): Promise<MessageStore> {
    const process = this.#process;
    const { random } = this.simulation;
    // Without the checkpoint what was in a lost part of the log is nowhere any more: settings, offsets, removals.
    if (!this.#hasLostLog && random.chance(this.#plan.retention === undefined ? 0.05 : 0.15) && process.disk.keyValues.size > 0) for (const image of process.disk.keyValues.values()) image.unreadable = true;
    const options: StoreOptions = {
      ...this.#plan,
      runtime: this.#sabotage === 'ack-before-write' ? { ...runtime, disk: writeLater(runtime.disk, runtime.timers) } : runtime,
      path: directory,
      storeHost: { address: '10.0.0.1', port: 10_911 },
      openKeyValue: process.openKeyValueStore,
    };
    if (this.#plan.failsAnywhere && lost === undefined && random.chance(0.4)) await this.#startInVain(options);
    const store = openStore(options);
    const before = this.#lastStop;
    this.#lastStop = 'begun';
    const report = await store.start();
    const fits = before === 'begun' || report.clean === (before === 'clean');
    check(fits || this.ledger.acknowledged === 0, () => `start-up says clean: ${report.clean}, but the last stop was: ${before}`);
    if (lost !== undefined) acceptLoss(this.ledger, lost, report);
    await verifyStore(store, this.ledger, before === 'clean');
    const { wrongClock, segmentBytes, retention } = this.#plan;
    this.ledger.retention.verify(retention, this.ledger.allQueues, { now: runtime.clock.now(), maxPosition: store.maxPosition, segmentBytes, trustClock: !wrongClock });
    this.#lastStop = 'crashed';
    return store;
  }

  /** A start on a disk that fails: it says so in the store's own words and leaves nothing worse, or it works. */
  async #startInVain(options: StoreOptions): Promise<void> {
    const { disk } = this.#process;
    const { random } = this.simulation;
    this.#lastStop = 'begun';
    if (random.chance(0.3)) disk.totalBytes = disk.usedBytes + random.below(3000);
    else Object.assign(disk.faults, { failWriteProbability: 0.1, failEntryProbability: 0.1, failDatasyncProbability: 0.1, failCommitProbability: 0.1, failReadProbability: 0.02 });
    const store = openStore(options);
    try {
      await store.start();
      await store.shutdown();
    } catch (error) {
      if (!this.#process.alive) throw error;
      check(KiteError.is(error) && error.code.startsWith('KITE_STORE_'), () => `a start on a failing disk says: ${(error as Error).stack}`);
      this.counts.failedStarts++;
    }
    disk.totalBytes = 2 ** 40;
    Object.assign(disk.faults, noFaults);
  }

  async #stop(store: MessageStore): Promise<void> {
    const { runtime } = this.#process;
    this.#lastStop = 'begun';
    await store.shutdown();
    // A store that died on the way may end its shutdown when the next life has begun.
    if (!this.#process.alive || this.#process.runtime !== runtime) return;
    // A full or failing disk may have kept the last offsets from being written; then the stop is not a clean one.
    const { fullDisk, failingDisk, failsAnywhere, retention } = this.#plan;
    if (store.failure === undefined && !fullDisk && !failingDisk && !failsAnywhere && retention?.diskBytes === undefined) this.#lastStop = 'clean';
    this.counts.cleanStops++;
  }

  #crashed(kind: CrashKind): void {
    if (kind === 'kill') this.counts.kills++;
    else this.counts.powerCuts++;
    this.ledger.crashed(kind, this.#plan.flushMode);
  }
}

/** Producers and consumers on a store, crashes and power cuts at any step, restarts. @throws SimulationFailure */
export const storeScenario = async (seed: number, sabotage: Sabotage): Promise<LifeCounts> => {
  const story = new StoreStory(seed, sabotage);
  await story.simulation.run(() => story.tell());
  const { acknowledged, events, retention } = story.ledger;
  const { deletedSegments, trimmedQueues } = retention;
  return { ...story.counts, acknowledged, deletedSegments, trimmedQueues, ...events, events: story.simulation.eventCount };
};
