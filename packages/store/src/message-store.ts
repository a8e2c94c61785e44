import type { CleanReport, RetentionPolicy } from './retention/retention-policy.ts';
import type { RecoveryReport } from './recovery-report.ts';
import type { KeyKind } from './views/key-hash.ts';

export type { KeyKind } from './views/key-hash.ts';

export type { CleanReport, DiskPolicy, RetentionPolicy, TopicRetention } from './retention/retention-policy.ts';

/** A message on its way into the log. Nothing of it is kept after `append` returns. */
export interface MessageToAppend {
  topic: string;
  queueId: number;
  /** The application's flag, copied through. */
  flag: number;
  sysFlag: number;
  /** Milliseconds since the epoch, from the producer. */
  bornTimestamp: number;
  /** 4 or 16 address bytes and a big-endian int32 port; 20 bytes long means IPv6 (the store sets the sysFlag bit). */
  bornHost: Uint8Array;
  reconsumeTimes: number;
  preparedTransactionOffset: number;
  body: Uint8Array;
  /** Property string, encoded (`name 1 value 2 …`), as it is to be stored. */
  properties: Uint8Array;
  /** What the queue entry holds for filtering: the Java hash of TAGS, 0 without. */
  tagsCode: number;
  /** How many offsets of its queue it takes: an inner batch, which says so in its sysFlag and its property INNER_NUM as well, takes several. Default 1. */
  count?: number;
}

/** Why a message was not taken. `accepted` means that the completion will be called. */
export const AppendStatus = {
  accepted: 0,
  /** Topic, body or properties longer than the format or `maxMessageSize` allows. */
  messageIllegal: 1,
  /** The disk is (nearly) full: sends are refused, reads go on. */
  diskFull: 2,
  /** Too much is waiting for the disk already. */
  busy: 3,
  /** Shut down, or failed: see {@link MessageStore.failure}. */
  unavailable: 4,
} as const;
export type AppendStatus = (typeof AppendStatus)[keyof typeof AppendStatus];

/** How the promise of an accepted message ended. */
export const AppendOutcome = {
  /** As durable as the flush mode says. */
  stored: 0,
  /**
   * Written (it has its place in the log and in its queue), but the disk did not confirm in `syncFlushTimeout`: it survives a killed process,
   * and a power cut only if the disk confirms later.
   */
  flushTimeout: 1,
  /** Not stored: the write or the flush failed. */
  failed: 2,
} as const;
export type AppendOutcome = (typeof AppendOutcome)[keyof typeof AppendOutcome];

/**
 * Who waits for a message. One object per send, no closure: `append` fills in the places, and `appended` is called exactly once,
 * never from inside `append`, in log order (those with `waitForFlush` false may come before older ones that wait).
 */
export interface AppendCompletion {
  physicalOffset: number;
  queueOffset: number;
  storeTimestamp: number;
  /** Of each message, when a batch was appended. */
  physicalOffsets: number[] | undefined;
  /** The stored record (of a batch, the last) ends at `recordEnd` of these bytes. Look at them until `appended` returns, not later. */
  recordBytes?: Uint8Array | undefined;
  recordEnd?: number;
  /** False: do not wait for the flush (property WAIT=false). */
  readonly waitForFlush: boolean;
  /**
   * True: `stored` means that fdatasync has returned, also in a store with async flush (topics whose flush mode is stronger than the broker's).
   * Consumers may see the message before. Without effect when `waitForFlush` is false.
   */
  readonly syncFlush?: boolean;
  /** True: taken also while sends are refused because the disk is nearly full, from a part of the space that is kept. For what was promised before. */
  readonly mayUseReserve?: boolean;
  appended(outcome: AppendOutcome): void;
}

/** What a reader asks for. */
export interface ReadQuery {
  topic: string;
  queueId: number;
  /** First wanted queue offset. */
  offset: number;
  maxMessages: number;
  /** At least one message is returned, whatever its size. */
  maxBytes: number;
  /** First pass, on the queue entry. Undefined takes all. */
  matchesTags: ((tagsCode: number) => boolean) | undefined;
  /** Second pass, on the stored record (SQL92). */
  matchesRecord: ((record: Uint8Array) => boolean) | undefined;
  /** How many entries are looked at before giving up with `noMatchedMessage`. Default 800. */
  scanMax?: number;
  /**
   * The caller is done with the records when its `readDone` returns (it copied them): their memory is used again. An answer may still say that
   * it is not transient. Default false.
   */
  transient?: boolean;
}

/** Names as in Apache's GetMessageStatus: they travel in remarks. */
export const ReadStatus = {
  found: 'FOUND',
  noMatchedMessage: 'NO_MATCHED_MESSAGE',
  messageWasRemoving: 'MESSAGE_WAS_REMOVING',
  offsetFoundNull: 'OFFSET_FOUND_NULL',
  offsetOverflowBadly: 'OFFSET_OVERFLOW_BADLY',
  offsetOverflowOne: 'OFFSET_OVERFLOW_ONE',
  offsetTooSmall: 'OFFSET_TOO_SMALL',
  noMatchedLogicQueue: 'NO_MATCHED_LOGIC_QUEUE',
  noMessageInQueue: 'NO_MESSAGE_IN_QUEUE',
} as const;
export type ReadStatus = (typeof ReadStatus)[keyof typeof ReadStatus];

export interface ReadResult {
  readonly status: ReadStatus;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  /** Stored records, as stored, in order; slices that never change, one each. With `transient` a slice may hold several records, one behind the other. */
  readonly records: readonly Uint8Array[];
  readonly messageCount: number;
  readonly byteCount: number;
  /** The query allowed it, and the records are valid only until `readDone` returns. */
  readonly transient?: boolean;
}

/** Who waits for a read. May be called before `read` returns (hot tail) or later (disk). */
export interface ReadCompletion {
  readDone(result: ReadResult): void;
}

/** A question for messages by what they say of themselves. */
export interface KeyQuery {
  topic: string;
  key: string;
  /** Default `key`. */
  kind?: KeyKind;
  /** The newest so many are found. */
  maxMessages: number;
  /** At least one message is returned, whatever its size. Default 8 MiB. */
  maxBytes?: number;
  /** Store times (ms), both included. Default: all. */
  begin?: number;
  end?: number;
}

export interface KeyQueryResult {
  /** Stored records, oldest first (as Apache answers); only such that have the key, whatever hashes collide. */
  readonly records: readonly Uint8Array[];
  /** Log position and store time (ms) of the newest message with a key; -1 and 0 when there is none. */
  readonly lastPosition: number;
  readonly lastTime: number;
}

/** What a subscriber wants. */
export interface TailQuery {
  topic: string;
  queueId: number;
  /** First wanted queue offset. Default: what comes next. */
  offset?: number;
  /** Ends the subscription. */
  signal?: AbortSignal;
}

/** Called for each message when consumers may see it: after the promise of the broker's flush mode was kept. */
export type ArrivalListener = (topic: string, queueId: number, queueOffset: number, tagsCode: number) => void;

export type TimeBoundary = 'LOWER' | 'UPPER';

/** Settings by kind and key (`topic`/`T1`), folded from the log. Values are plain data (msgpack). */
export interface Settings {
  get(kind: string, key: string): unknown;
  /** All of a kind, sorted by key. */
  entries(kind: string): Iterable<readonly [key: string, value: unknown]>;
  /** Resolves when the change is durable; readers see it at once. */
  put(kind: string, key: string, value: unknown): Promise<void>;
  remove(kind: string, key: string): Promise<void>;
}

/** Consumer offsets, folded from the log. Commits are coalesced: one record per flush interval for all that changed. */
export interface ConsumerOffsets {
  /** The committed offset, or -1: unknown is never 0. */
  get(group: string, topic: string, queueId: number): number;
  /** Seen by readers at once, durable after the next flush interval. */
  commit(group: string, topic: string, queueId: number, offset: number): void;
  /** Topics for which the group has offsets, and the other way round. */
  topicsOf(group: string): string[];
  groupsOf(topic: string): string[];
  /** Offsets by queue id; empty when there are none. */
  ofQueue(group: string, topic: string): ReadonlyMap<number, number>;
  removeGroup(group: string): Promise<void>;
  removeTopic(topic: string): Promise<void>;
  /** Writes what changed now; resolves when it is durable. */
  flush(): Promise<void>;
}

/** Called before the log up to `position` is deleted: who still needs messages from there appends them again, and resolves when that is durable. */
export type TrimListener = (position: number) => Promise<void>;

export interface QueueId {
  readonly topic: string;
  readonly queueId: number;
}

/** The storage engine. One per broker; all calls come from one event loop. */
export interface MessageStore {
  /** Opens, recovers, replays. @throws KiteError `KITE_STORE_*` with what to do. */
  start(): Promise<RecoveryReport>;
  /** Everything accepted is flushed, views are checkpointed, the lock is released. */
  shutdown(): Promise<void>;
  append(message: MessageToAppend, completion: AppendCompletion): AppendStatus;
  /** All in one segment with consecutive queue offsets; one completion, with `physicalOffsets`. All messages go to the same queue. */
  appendBatch(messages: readonly MessageToAppend[], completion: AppendCompletion): AppendStatus;
  read(query: ReadQuery, completion: ReadCompletion): void;
  /** The record at a physical offset; undefined when there is none (never anything but a whole valid record). */
  recordAt(physicalOffset: number): Promise<Uint8Array | undefined>;
  /** Messages by unique key, KEYS or tag, found by an index; none when that is off. At most 4096 candidates are looked at. */
  queryByKey(query: KeyQuery): Promise<KeyQueryResult>;
  /**
   * The queue's messages as stored, in order, those to come as soon as consumers may see them. Ends with `signal` and with the store. Where the
   * queue's offsets are set back or its beginning is deleted, it goes on with what there is.
   * @throws KiteError `KITE_STORE_UNREADABLE` when a message cannot be read from disk
   */
  subscribe(query: TailQuery): AsyncIterable<Uint8Array>;
  /** 0 for a queue that has never been written. */
  minOffset(topic: string, queueId: number): number;
  /** Next offset consumers will see; `committed` false: the next to be written. */
  maxOffset(topic: string, queueId: number, committed?: boolean): number;
  /** LOWER: first offset whose store time is ≥ `timestamp` (max offset beyond the end); UPPER: last whose store time is ≤ it. */
  offsetByTime(topic: string, queueId: number, timestamp: number, boundary: TimeBoundary): Promise<number>;
  /** Store time (ms) of the message at the offset, -1 when it is not there. */
  storeTimeAt(topic: string, queueId: number, offset: number): Promise<number>;
  /** Store time (ms) of the oldest message of the queue or, without queue, of the log; -1 when there is none. */
  earliestStoreTime(topic?: string, queueId?: number): Promise<number>;
  /** Queues that exist, of one topic or of all except the store's own (`rmq_sys_KITEMQ_…`). */
  queues(topic?: string): Iterable<QueueId>;
  /** Compacts the queues of compacted topics now; resolves when readers see it. */
  compact(): Promise<void>;
  /** Forgets the topic's queues (its records go with their segments). Until it resolves, appends to the topic are answered with `busy`; then they begin at offset 0. */
  removeTopic(topic: string): Promise<void>;
  readonly settings: Settings;
  readonly consumerOffsets: ConsumerOffsets;
  /**
   * Deletes what the policy says, oldest first, by whole segments; call it every some seconds. What must outlive the log (settings, consumer offsets,
   * where queues end) is appended again before. The last segment stays. @throws KiteError `KITE_STORE_*` when that cannot be appended
   */
  clean(policy: RetentionPolicy): Promise<CleanReport>;
  /** For state that is kept in messages and has a longer life than the log. A listener that fails keeps the log from being deleted. */
  beforeTrim(listener: TrimListener): void;
  onArrival(listener: ArrivalListener): void;
  /** First byte kept, end of what was written, end of what is durable: log positions. */
  readonly minPosition: number;
  readonly maxPosition: number;
  readonly flushedPosition: number;
  /** Set when a write or flush failed: the store refuses appends until restarted; reads go on. */
  readonly failure: Error | undefined;
}
