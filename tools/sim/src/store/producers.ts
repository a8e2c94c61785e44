import { MessageSysFlag } from '@kitemq/protocol';
import type { AppendCompletion, MessageToAppend } from '@kitemq/store';
import { AppendOutcome, AppendStatus } from '@kitemq/store';
import { check } from '../check.ts';
import { makeBody } from '../message-body.ts';
import type { QueueLedger } from './queue-ledger.ts';
import type { WorkloadOptions } from './store-workload.ts';
import { keyProperties } from './verify-keys.ts';

const bornHost = Uint8Array.of(10, 0, 0, 9, 0, 0, 0x9c, 0x40);

/** A sender that sends the next message when it hears of the last does so this often at most. */
const sequelsMax = 6;

/** More than a record takes besides its body. */
const recordOverheadMax = 300;

/** How a sender wants to be answered. */
interface Wish {
  readonly waitForFlush: boolean;
  readonly syncFlush: boolean;
  readonly mayUseReserve: boolean;
  /** Sends so many more messages, each from inside the completion of the one before. */
  readonly sequels: number;
}

interface Part {
  readonly id: number;
  readonly message: MessageToAppend;
}

type Completion = AppendCompletion & { /** `append` has not returned. */ inside: boolean };

/** They send, and enter into the ledger what they are told. */
export class Producers {
  readonly #options: WorkloadOptions;
  /** Log position of the last message that senders of a kind were told about. */
  readonly #told = new Map<string, number>();

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  send(queue: QueueLedger, wish: Wish = this.#wish()): void {
    const { store } = this.#options;
    const part = this.#part(queue);
    const completion = this.#completion(queue, [part.id], wish);
    const end = store.maxOffset(queue.topic, queue.queueId, false);
    this.#sent(queue, end, store.append(part.message, completion), completion);
  }

  sendBatch(queue: QueueLedger): void {
    const { store, random, plan } = this.#options;
    // All of a batch are in one segment.
    const countMax = Math.max(1, Math.min(4, Math.floor(plan.segmentBytes / (plan.bodyBytesMax + recordOverheadMax))));
    const parts = Array.from({ length: 1 + random.below(countMax) }, () => this.#part(queue));
    const completion = this.#completion(queue, parts.map(({ id }) => id), { ...this.#wish(), mayUseReserve: false });
    const end = store.maxOffset(queue.topic, queue.queueId, false);
    this.#sent(queue, end, store.appendBatch(parts.map(({ message }) => message), completion), completion);
  }

  /** One record that takes several offsets, as the broker makes it for a topic with `queue.type=BatchCQ`. */
  sendInnerBatch(queue: QueueLedger): void {
    const { store, random } = this.#options;
    const count = 1 + random.below(5);
    const { id, message } = this.#part(queue, count);
    const completion = this.#completion(queue, [id], this.#wish());
    const end = store.maxOffset(queue.topic, queue.queueId, false);
    const properties = Buffer.concat([message.properties, Buffer.from(`INNER_NUM\u0001${count}\u0002INNER_BASE\u0001${end}\u0002`)]);
    const sysFlag = MessageSysFlag.needUnwrap | MessageSysFlag.innerBatch;
    this.#sent(queue, end, store.append({ ...message, sysFlag, properties, count }, completion), completion);
  }

  #wish(): Wish {
    const { random } = this.#options;
    return { waitForFlush: !random.chance(0.05), syncFlush: random.chance(0.2), mayUseReserve: random.chance(0.2), sequels: random.chance(0.1) ? 1 + random.below(sequelsMax) : 0 };
  }

  #part(queue: QueueLedger, count = 1): Part {
    const { ledger, plan, random, runtime } = this.#options;
    const id = ledger.nextId();
    const body = makeBody(id, random.below(plan.bodyBytesMax));
    queue.sending(id, body.length, count);
    const { topic, queueId } = queue;
    const properties = keyProperties(id);
    return { id, message: { topic, queueId, flag: 0, sysFlag: 0, bornTimestamp: runtime.clock.now(), bornHost, reconsumeTimes: 0, preparedTransactionOffset: 0, body, properties, tagsCode: 0 } };
  }

  #completion(queue: QueueLedger, ids: readonly number[], wish: Wish): Completion {
    const { process, runtime } = this.#options;
    let calls = 0;
    const completion: Completion = {
      physicalOffset: -1,
      queueOffset: -1,
      storeTimestamp: 0,
      physicalOffsets: undefined,
      waitForFlush: wish.waitForFlush,
      syncFlush: wish.syncFlush,
      mayUseReserve: wish.mayUseReserve,
      inside: true,
      appended: (outcome: AppendOutcome): void => {
        if (!process.alive || process.runtime !== runtime) return;
        check(!completion.inside, () => 'a completion was called from inside append');
        check(++calls === 1, () => 'a completion was called twice');
        if (outcome !== AppendOutcome.failed) this.#enter(queue, ids, completion, outcome);
        if (wish.sequels > 0) this.#sequel(queue, wish);
      },
    };
    return completion;
  }

  /** What is the store's promise now? */
  #enter(queue: QueueLedger, ids: readonly number[], completion: Completion, outcome: AppendOutcome): void {
    const { ledger, plan } = this.#options;
    const { waitForFlush, syncFlush, physicalOffset, physicalOffsets, queueOffset, storeTimestamp } = completion;
    const kind = `${String(waitForFlush)} ${String(syncFlush)}`;
    check(physicalOffset > (this.#told.get(kind) ?? -1), () => `${queue.name}: who sent to log position ${physicalOffset} is told after who sent to ${this.#told.get(kind)}`);
    this.#told.set(kind, physicalOffset);
    if (outcome === AppendOutcome.flushTimeout) ledger.events.flushTimeouts++;
    const isFlushed = outcome === AppendOutcome.stored && waitForFlush && (plan.flushMode === 'sync' || syncFlush === true);
    ids.forEach((id, index) => {
      queue.stored(id, { queueOffset: queueOffset + index, physicalOffset: physicalOffsets?.[index] ?? physicalOffset, storeTimestamp, promised: isFlushed ? 'flushed' : 'written' });
    });
  }

  #sequel(queue: QueueLedger, wish: Wish): void {
    const { ledger } = this.#options;
    ledger.events.sequels++;
    this.send(queue, { ...wish, sequels: wish.sequels - 1 });
  }

  #sent(queue: QueueLedger, end: number, status: AppendStatus, completion: Completion): void {
    completion.inside = false;
    check(status !== AppendStatus.messageIllegal, () => 'a legal message was refused');
    check(status !== AppendStatus.accepted || completion.queueOffset === end, () => `${queue.name} ended at ${end}, and the next message got offset ${completion.queueOffset}`);
  }
}
