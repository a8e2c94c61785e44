import type { Clock } from '@kitemq/runtime';
import { encodeRecord, MessageSysFlag, RecordLimits, recordSize, type RecordFields, type RecordLengths } from '@kitemq/protocol';
import { AppendStatus, type AppendCompletion, type MessageToAppend } from '../message-store.ts';
import type { ConsumeQueue } from '../views/consume-queue.ts';
import type { KeyView } from '../views/keys.ts';
import type { QueueView } from '../views/queues.ts';
import type { CommitLog } from './commit-log.ts';
import type { GroupCommit } from './group-commit.ts';

/** Longest topic in UTF-8 bytes: Apache's limit for retry topics. */
export const topicBytesMax = 255;

/** Largest body of the store's own records. */
export const ownBodyBytesMax: number = 16 * 1024 * 1024;

export interface AppenderOptions {
  readonly clock: Clock;
  readonly log: CommitLog;
  readonly commit: GroupCommit;
  readonly queues: QueueView;
  readonly keys: KeyView | undefined;
  /** 4 or 16 address bytes and the port as int32. */
  readonly storeHost: Uint8Array;
  readonly maxMessageBytes: number;
  readonly inFlightBytesMax: number;
}

const noBytes: Uint8Array = new Uint8Array(0);

/** Encodes messages into the log's tail and queues who waits for them. */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #log: CommitLog;
  readonly #commit: GroupCommit;
  readonly #queues: QueueView;
  readonly #keys: KeyView | undefined;
  /** Filled in for each record. */
  readonly #fields: RecordFields;
  readonly #lengths: { -readonly [K in keyof RecordLengths]: number };
  /** What every append is answered with; `accepted` while the store is in order. */
  refusal: AppendStatus = AppendStatus.accepted;
  /** The store is being stopped: messages are refused, its own records are not. */
  isClosing = false;
  /**
   * Topics whose removal is not on the disk yet. Nothing is appended to them: a power cut could take the removal and leave what is behind it, which
   * would then be taken for messages of the topic before.
   */
  readonly removedTopics: Set<string> = new Set();
  /** While the disk is nearly full: may those use the reserve that may (`mayUseReserve`)? */
  reserveIsOpen = true;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#commit = options.commit;
    this.#queues = options.queues;
    this.#keys = options.keys;
    this.#lengths = { topic: 0, body: 0, properties: 0, bornHost: 0, storeHost: options.storeHost.length };
    this.#fields = {
      topic: noBytes,
      queueId: 0,
      flag: 0,
      queueOffset: 0,
      physicalOffset: 0,
      sysFlag: 0,
      bornTimestamp: 0,
      bornHost: options.storeHost,
      storeTimestamp: 0,
      storeHost: options.storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: noBytes,
      properties: noBytes,
    };
  }

  append(message: MessageToAppend, completion: AppendCompletion | undefined): AppendStatus {
    if (this.isClosing) return AppendStatus.unavailable;
    if (this.removedTopics.size > 0 && this.removedTopics.has(message.topic)) return AppendStatus.busy;
    if (this.refusal !== AppendStatus.accepted && !(this.refusal === AppendStatus.diskFull && this.reserveIsOpen && completion?.mayUseReserve === true)) return this.refusal;
    if (!this.#isLegal(message)) return AppendStatus.messageIllegal;
    const queue = this.#queues.obtain(message.topic, message.queueId);
    // What is in there is believed.
    if (queue.topicQueues.isOwn) return AppendStatus.messageIllegal;
    return this.#append(message, queue, completion);
  }

  #append(message: MessageToAppend, queue: ConsumeQueue, completion: AppendCompletion | undefined, place?: (bodyPosition: number) => void): AppendStatus {
    const size = this.#sizeOf(message, queue);
    if (size > this.#log.reservationMax) return AppendStatus.messageIllegal;
    if (this.#isBusy(size, 1)) return AppendStatus.busy;
    const deadline = this.#commit.schedule();
    const position = this.#log.reserve(size);
    // Behind the body are the topic with its length and the (empty) properties with theirs.
    place?.(position + size - 2 - message.properties.length - queue.topicQueues.bytes.length - 1 - message.body.length);
    const storeTimestamp = this.#commit.turnTime;
    const number = this.#put(message, queue, { position, size, storeTimestamp, offset: this.#log.targetOffset });
    const { ring } = this.#commit;
    ring.setDeadline(number, deadline);
    if (completion !== undefined) {
      ring.setCompletion(number, completion);
      completion.physicalOffset = position;
      completion.queueOffset = Math.max(0, ring.queueOffset(number));
      completion.storeTimestamp = storeTimestamp;
      completion.recordBytes = this.#log.target;
      completion.recordEnd = this.#log.targetOffset + size;
    }
    return AppendStatus.accepted;
  }

  /**
   * Appends a record of the store itself, whose size does not depend on the largest message allowed. `place` may complete the body when it is known
   * which log position that has.
   */
  appendOwn(topic: string, body: Uint8Array, place?: (bodyPosition: number) => void): AppendStatus {
    // The space that is left when sends are refused is for these.
    if (this.refusal !== AppendStatus.accepted && this.refusal !== AppendStatus.diskFull) return this.refusal;
    if (body.length > ownBodyBytesMax) return AppendStatus.messageIllegal;
    const { storeHost, clock } = this.#options;
    const message: MessageToAppend = {
      topic,
      queueId: 0,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: clock.now(),
      bornHost: storeHost,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body,
      properties: noBytes,
      tagsCode: 0,
    };
    return this.#append(message, this.#queues.obtain(topic, 0), undefined, place);
  }

  appendBatch(messages: readonly MessageToAppend[], completion: AppendCompletion): AppendStatus {
    if (this.isClosing) return AppendStatus.unavailable;
    if (this.refusal !== AppendStatus.accepted) return this.refusal;
    const first = messages[0];
    if (first === undefined) return AppendStatus.messageIllegal;
    if (this.removedTopics.has(first.topic)) return AppendStatus.busy;
    for (const message of messages) {
      if (!this.#isLegal(message) || message.topic !== first.topic || message.queueId !== first.queueId) return AppendStatus.messageIllegal;
    }
    const queue = this.#queues.obtain(first.topic, first.queueId);
    if (queue.topicQueues.isOwn) return AppendStatus.messageIllegal;
    let total = 0;
    for (const message of messages) total += this.#sizeOf(message, queue);
    if (total > this.#log.reservationMax) return AppendStatus.messageIllegal;
    if (this.#isBusy(total, messages.length)) return AppendStatus.busy;
    const deadline = this.#commit.schedule();
    let position = this.#log.reserve(total);
    let offset = this.#log.targetOffset;
    const storeTimestamp = this.#commit.turnTime;
    const physicalOffsets: number[] = [];
    let number = 0;
    for (const message of messages) {
      const size = this.#sizeOf(message, queue);
      number = this.#put(message, queue, { position, size, storeTimestamp, offset });
      this.#commit.ring.setDeadline(number, deadline);
      if (physicalOffsets.length === 0) completion.queueOffset = Math.max(0, this.#commit.ring.queueOffset(number));
      physicalOffsets.push(position);
      position += size;
      offset += size;
    }
    // The last one is stored when all are.
    this.#commit.ring.setCompletion(number, completion);
    completion.physicalOffset = physicalOffsets[0] as number;
    completion.physicalOffsets = physicalOffsets;
    completion.storeTimestamp = storeTimestamp;
    completion.recordBytes = this.#log.target;
    completion.recordEnd = offset;
    return AppendStatus.accepted;
  }

  #isLegal(message: MessageToAppend): boolean {
    const { topic, queueId, body, properties, bornHost } = message;
    return (
      body.length <= this.#options.maxMessageBytes &&
      properties.length <= RecordLimits.propertiesBytesMax &&
      topic.length > 0 &&
      topic.length <= topicBytesMax &&
      queueId >= 0 &&
      queueId === (queueId | 0) &&
      (bornHost.length === 8 || bornHost.length === 20) &&
      // A replay reads from the record how many offsets it takes.
      ((message.sysFlag & MessageSysFlag.innerBatch) === 0 || message.count !== undefined)
    );
  }

  #sizeOf(message: MessageToAppend, queue: ConsumeQueue): number {
    const lengths = this.#lengths;
    lengths.topic = queue.topicQueues.bytes.length;
    lengths.body = message.body.length;
    lengths.properties = message.properties.length;
    lengths.bornHost = message.bornHost.length;
    return recordSize(lengths);
  }

  #isBusy(bytes: number, records: number): boolean {
    const inFlight = this.#commit.bytesInFlight;
    // A message larger than the limit gets through when it is alone.
    return (inFlight > 0 && inFlight + bytes > this.#options.inFlightBytesMax) || this.#commit.room < records;
  }

  #put(message: MessageToAppend, queue: ConsumeQueue, place: { readonly position: number; readonly size: number; readonly storeTimestamp: number; readonly offset: number }): number {
    const { position, size, storeTimestamp } = place;
    const transaction = message.sysFlag & MessageSysFlag.transactionMask;
    const hasEntry = transaction === MessageSysFlag.transactionNot || transaction === MessageSysFlag.transactionCommit;
    const fields = this.#fields;
    fields.topic = queue.topicQueues.bytes;
    fields.queueId = message.queueId;
    fields.flag = message.flag;
    fields.queueOffset = hasEntry ? queue.next : 0;
    fields.physicalOffset = position;
    fields.sysFlag = message.sysFlag;
    fields.bornTimestamp = message.bornTimestamp;
    fields.bornHost = message.bornHost;
    fields.storeTimestamp = storeTimestamp;
    fields.reconsumeTimes = message.reconsumeTimes;
    fields.preparedTransactionOffset = message.preparedTransactionOffset;
    fields.body = message.body;
    fields.properties = message.properties;
    encodeRecord(this.#log.target, place.offset, fields);
    const number = this.#commit.ring.push(position, size, queue);
    this.#commit.ring.setDetails(number, hasEntry ? queue.next++ : -1, message.tagsCode, storeTimestamp);
    const { count } = message;
    if (hasEntry && count !== undefined && count > 1) {
      queue.next += count - 1;
      this.#commit.ring.setCount(number, count);
    }
    if (this.#keys !== undefined) {
      const isKeyed = message.properties.length > 0 && transaction !== MessageSysFlag.transactionRollback;
      const end = place.offset + size;
      this.#commit.ring.setKeyCount(number, isKeyed ? this.#keys.stage(this.#log.target, end - message.properties.length, end, queue.topicQueues.keyHash) : 0);
    }
    return number;
  }
}
