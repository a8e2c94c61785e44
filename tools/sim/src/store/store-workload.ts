import type { Runtime } from '@kitemq/runtime';
import { sleep } from '@kitemq/runtime';
import type { SimulatedProcess, SimulatedRandom } from '@kitemq/simulator';
import type { CleanReport, MessageStore } from '@kitemq/store';
import { Consumers } from './consumers.ts';
import { Producers } from './producers.ts';
import { Remover } from './remover.ts';
import { policyOf } from './retention-ledger.ts';
import type { StoreLedger } from './store-ledger.ts';
import type { RetentionPlan, StorePlan } from './store-plan.ts';
import type { Mark } from './value-ledger.ts';

/** Where the disk is part of the plan: what a log takes of it. */
const diskBytesUsual = 30_000;

export interface WorkloadOptions {
  readonly process: SimulatedProcess;
  readonly runtime: Runtime;
  readonly store: MessageStore;
  readonly ledger: StoreLedger;
  readonly plan: StorePlan;
  readonly random: SimulatedRandom;
}

/** What people do with a store, on top of it in the same process. */
export class StoreWorkload {
  readonly #options: WorkloadOptions;
  readonly #producers: Producers;
  readonly #consumers: Consumers;
  readonly #remover: Remover;

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#producers = new Producers(options);
    this.#consumers = new Consumers(options);
    this.#remover = new Remover(options);
  }

  /** Does `steps` things, unless the store fails before. */
  async run(steps: number): Promise<void> {
    const { store, runtime, random, ledger, plan } = this.#options;
    for (let step = 0; step < steps && store.failure === undefined; step++) {
      this.#disturbDisk();
      await this.#step();
      // What a dead process still does between two awaits is not seen by anybody: its store says what the power has taken already.
      if (!this.#isAlive) return;
      ledger.flushedPosition = store.flushedPosition;
      ledger.retention.look(store, ledger.allQueues);
      const pause = random.below(10);
      if (pause < 3) await new Promise<void>((resolve) => runtime.timers.setImmediate(resolve));
      else if (pause < 6) await sleep(runtime.timers, random.below(8));
      // Long enough to notice that there is space again.
      else if (pause === 6 && (plan.fullDisk || plan.retention?.diskBytes !== undefined) && random.chance(0.2)) await sleep(runtime.timers, 1100);
    }
    if (this.#isAlive && random.chance(0.5)) await this.#consumers.lookAtAll();
  }

  get #isAlive(): boolean {
    const { process, runtime } = this.#options;
    return process.alive && process.runtime === runtime;
  }

  async #step(): Promise<void> {
    const { random, plan, ledger } = this.#options;
    if (plan.retention !== undefined && random.chance(0.15)) this.#clean(plan.retention);
    if (plan.removes && random.chance(0.06)) this.#remove();
    if (plan.manyQueues > 0 && random.chance(0.1)) for (const queue of ledger.manyQueues) this.#producers.send(queue);
    const what = random.below(20);
    if (what < 10) for (let count = 1 + random.below(8); count > 0; count--) this.#producers.send(random.pick(ledger.queues));
    else if (what < 12) this.#producers.sendBatch(random.pick(ledger.queues));
    else if (what < 13) this.#producers.sendInnerBatch(random.pick(ledger.queues));
    else if (what < 17) await this.#consumers.consume(random.below(ledger.places.length));
    else if (what < 19) for (let count = 1 + random.below(3); count > 0; count--) this.#set();
    else this.#flushOffsets();
  }

  #flushOffsets(): void {
    const { store, ledger } = this.#options;
    const marks = ledger.places.map(({ committed }) => committed.markNow());
    const durable = (): void => marks.forEach((mark) => mark.durable());
    // A refusal (full disk, failed store) promises nothing.
    store.consumerOffsets.flush().then(durable, () => {});
  }

  #set(): void {
    const { store, ledger, random } = this.#options;
    const [key, setting] = random.pick(Array.from(ledger.settings));
    const value = random.chance(0.3) ? undefined : random.below(1000);
    setting.wrote(value);
    const mark = setting.markNow();
    const look = (end: keyof Mark) => (): void => {
      // After a failed write or flush nobody knows what is in the log.
      if (!this.#isAlive || (end === 'refused' && store.failure !== undefined)) return;
      mark[end]();
      if (setting.settled) setting.look(store.settings.get('color', key) as number | undefined);
    };
    const done = value === undefined ? store.settings.remove('color', key) : store.settings.put('color', key, value);
    void done.then(look('durable'), look('refused'));
  }

  #remove(): void {
    const { random, ledger } = this.#options;
    const topic = random.pick(ledger.allQueues).topic;
    if (random.chance(0.2)) this.#remover.removeGroup(random.pick(ledger.places).group);
    else if (this.#remover.removeTopic(topic)) {
      this.#consumers.beginAgain(topic);
      // Made again in the same turn, or later.
      for (const queue of ledger.allQueues) if (queue.topic === topic && random.chance(0.3)) this.#producers.send(queue);
    }
  }

  /** Nobody waits for it: sends and reads go on meanwhile. */
  #clean(retention: RetentionPlan): void {
    const { store, ledger, plan, runtime } = this.#options;
    const cleaned = (report: CleanReport): void => {
      if (!this.#isAlive) return;
      ledger.retention.cleaned(report);
      ledger.retention.look(store, ledger.allQueues);
      ledger.retention.verify(retention, ledger.allQueues, { now: runtime.clock.now(), maxPosition: store.maxPosition, segmentBytes: plan.segmentBytes, trustClock: !plan.wrongClock });
    };
    store.clean(policyOf(retention, ledger.queues[0]!.topic)).then(cleaned, (error: unknown) => {
      // A full or failing disk, or a stop, may end it; a mistake may not.
      if (this.#isAlive && (error as { code?: string }).code === undefined) throw error;
    });
  }

  #disturbDisk(): void {
    const { process, plan, random } = this.#options;
    const { disk } = process;
    disk.faults.slowDatasyncProbability = plan.slowDisk ? 0.1 : 0;
    disk.faults.failDatasyncProbability = plan.failingDisk ? 0.02 : 0;
    disk.faults.failReadProbability = plan.failingReads && random.chance(0.7) ? 0.3 : 0;
    if (plan.failsAnywhere) Object.assign(disk.faults, { failWriteProbability: 0.005, failEntryProbability: 0.02, failCommitProbability: 0.1 });
    const room = plan.retention?.diskBytes;
    if (room !== undefined) disk.totalBytes = disk.usedBytes > diskBytesUsual + room ? disk.usedBytes + room : diskBytesUsual + room;
    else if (plan.fullDisk && random.chance(0.1)) disk.totalBytes = disk.usedBytes + random.below(8192);
    else if (random.chance(0.3)) disk.totalBytes = 2 ** 40;
  }
}
