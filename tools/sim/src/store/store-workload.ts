import type { Runtime } from '@kitemq/runtime';
import { sleep } from '@kitemq/runtime';
import type { SimulatedProcess, SimulatedRandom } from '@kitemq/simulator';
import type { AppendCompletion, CleanReport, MessageStore, MessageToAppend } from '@kitemq/store';
import { AppendOutcome, AppendStatus } from '@kitemq/store';
import { check } from '../check.ts';
import { makeBody } from '../message-body.ts';
import type { QueueLedger } from './queue-ledger.ts';
import type { StoreLedger } from './store-ledger.ts';
import { policyOf } from './retention-ledger.ts';
import type { RetentionPlan, StorePlan } from './store-plan.ts';
import { keyProperties } from './verify-keys.ts';
import { readOnce, toFound } from './verify-store.ts';

/** Where the disk is part of the plan: what a log takes of it. */
const diskBytesUsual = 30_000;

const bornHost = Uint8Array.of(10, 0, 0, 9, 0, 0, 0x9c, 0x40);

export interface WorkloadOptions {
  readonly process: SimulatedProcess;
  readonly runtime: Runtime;
  readonly store: MessageStore;
  readonly ledger: StoreLedger;
  readonly plan: StorePlan;
  readonly random: SimulatedRandom;
}

/** Producers and consumers, on top of a store in the same process. */
export class StoreWorkload {
  readonly #options: WorkloadOptions;
  /** Next offset to read, of each consumer place. */
  readonly #positions: number[];

  constructor(options: WorkloadOptions) {
    this.#options = options;
    this.#positions = options.ledger.places.map(({ committed }) => Math.max(0, committed.last));
  }

  /** Does `steps` things, unless the store fails before. */
  async run(steps: number): Promise<void> {
    const { process, store, runtime, random, ledger, plan } = this.#options;
    for (let step = 0; step < steps && store.failure === undefined; step++) {
      this.#disturbDisk();
      await this.#step();
      // What a dead process still does between two awaits is not seen by anybody: its store says what the power has taken already.
      if (!process.alive || process.runtime !== runtime) return;
      ledger.flushedPosition = store.flushedPosition;
      ledger.retention.look(store, ledger.queues);
      const pause = random.below(10);
      if (pause < 3) await new Promise<void>((resolve) => runtime.timers.setImmediate(resolve));
      else if (pause < 6) await sleep(runtime.timers, random.below(8));
      // Long enough to notice that there is space again.
      else if (pause === 6 && (plan.fullDisk || plan.retention?.diskBytes !== undefined) && random.chance(0.2)) await sleep(runtime.timers, 1100);
    }
  }

  async #step(): Promise<void> {
    const { random, plan } = this.#options;
    if (plan.retention !== undefined && random.chance(0.15)) this.#clean(plan.retention);
    const what = random.below(20);
    if (what < 11) for (let count = 1 + random.below(8); count > 0; count--) this.#send();
    else if (what < 13) this.#sendBatch();
    else if (what < 17) await this.#consume();
    else if (what < 19) this.#set();
    else this.#flushOffsets();
  }

  #send(): void {
    const { store, ledger, random } = this.#options;
    const queue = random.pick(ledger.queues);
    const { id, message } = this.#message(queue);
    const completion = this.#completion(queue, [id], !random.chance(0.05));
    this.#accepted(store.append(message, completion), completion);
  }

  #sendBatch(): void {
    const { store, ledger, random } = this.#options;
    const queue = random.pick(ledger.queues);
    const parts = Array.from({ length: 1 + random.below(4) }, () => this.#message(queue));
    const completion = this.#completion(queue, parts.map(({ id }) => id), true);
    this.#accepted(store.appendBatch(parts.map(({ message }) => message), completion), completion);
  }

  #message(queue: QueueLedger): { id: number; message: MessageToAppend } {
    const { ledger, plan, random, runtime } = this.#options;
    const id = ledger.nextId();
    const body = makeBody(id, random.below(plan.bodyBytesMax));
    queue.sending(id, body.length);
    const message: MessageToAppend = {
      topic: queue.topic,
      queueId: queue.queueId,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: runtime.clock.now(),
      bornHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body,
      properties: keyProperties(id),
      tagsCode: 0,
    };
    return { id, message };
  }

  /** Enters what the store promises. Called during `append` it would be too early: then `inside` is set. */
  #completion(queue: QueueLedger, ids: readonly number[], waitForFlush: boolean): AppendCompletion & { inside: boolean } {
    const { process, plan } = this.#options;
    let calls = 0;
    const completion = {
      physicalOffset: -1,
      queueOffset: -1,
      storeTimestamp: 0,
      physicalOffsets: undefined as number[] | undefined,
      waitForFlush,
      inside: true,
      appended: (outcome: AppendOutcome): void => {
        if (!process.alive) return;
        check(!completion.inside, () => 'a completion was called from inside append');
        check(++calls === 1, () => 'a completion was called twice');
        if (outcome !== AppendOutcome.stored) return;
        ids.forEach((id, index) => {
          queue.stored(id, {
            queueOffset: completion.queueOffset + index,
            physicalOffset: completion.physicalOffsets?.[index] ?? completion.physicalOffset,
            storeTimestamp: completion.storeTimestamp,
            promised: waitForFlush && plan.flushMode === 'sync' ? 'flushed' : 'written',
          });
        });
      },
    };
    return completion;
  }

  #accepted(status: AppendStatus, completion: { inside: boolean }): void {
    completion.inside = false;
    check(status !== AppendStatus.messageIllegal, () => 'a legal message was refused');
  }

  async #consume(): Promise<void> {
    const { store, ledger, random } = this.#options;
    const index = random.below(ledger.places.length);
    const { group, queue, committed } = ledger.places[index]!;
    const from = this.#positions[index]!;
    const result = await readOnce(store, queue, from, 1 + random.below(8));
    let next = from;
    for (const record of result.records) {
      const { queueOffset } = toFound(record);
      check(ledger.powerCuts > 0 || store.minOffset(queue.topic, queue.queueId) > next ? queueOffset >= next : queueOffset === next, () => `${queue.name}: asked for ${next}, got ${queueOffset}`);
      next = queueOffset + 1;
    }
    if (result.nextBeginOffset <= from) return;
    this.#positions[index] = result.nextBeginOffset;
    committed.wrote(result.nextBeginOffset);
    store.consumerOffsets.commit(group, queue.topic, queue.queueId, result.nextBeginOffset);
    check(store.consumerOffsets.get(group, queue.topic, queue.queueId) === result.nextBeginOffset, () => 'a committed offset is not seen at once');
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
    const done = value === undefined ? store.settings.remove('color', key) : store.settings.put('color', key, value);
    done.then(() => mark.durable(), () => {});
  }

  /** Nobody waits for it: sends and reads go on meanwhile. */
  #clean(retention: RetentionPlan): void {
    const { store, ledger, process, plan, runtime } = this.#options;
    const cleaned = (report: CleanReport): void => {
      if (!process.alive || process.runtime !== runtime) return;
      ledger.retention.cleaned(report);
      ledger.retention.look(store, ledger.queues);
      ledger.retention.verify(retention, ledger.queues, { now: runtime.clock.now(), maxPosition: store.maxPosition, segmentBytes: plan.segmentBytes, trustClock: !plan.wrongClock });
    };
    store.clean(policyOf(retention, ledger.queues[0]!.topic)).then(cleaned, (error: unknown) => {
      // A full or failing disk, or a stop, may end it; a mistake may not.
      if (process.alive && process.runtime === runtime && (error as { code?: string }).code === undefined) throw error;
    });
  }

  #disturbDisk(): void {
    const { process, plan, random } = this.#options;
    const { disk } = process;
    disk.faults.slowDatasyncProbability = plan.slowDisk ? 0.05 : 0;
    disk.faults.failDatasyncProbability = plan.failingDisk ? 0.02 : 0;
    if (plan.failsAnywhere) Object.assign(disk.faults, { failWriteProbability: 0.005, failEntryProbability: 0.02, failCommitProbability: 0.1 });
    const room = plan.retention?.diskBytes;
    if (room !== undefined) disk.totalBytes = disk.usedBytes > diskBytesUsual + room ? disk.usedBytes + room : diskBytesUsual + room;
    else if (plan.fullDisk && random.chance(0.1)) disk.totalBytes = disk.usedBytes + random.below(8192);
    else if (random.chance(0.3)) disk.totalBytes = 2 ** 40;
  }
}
