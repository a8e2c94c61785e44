import type { CompiledFilter } from '@kitemq/filter';
import { Commands, PullSysFlag, ResponseCode } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';
import { TimerWheel } from '@kitemq/runtime';
import { ReadStatus } from '@kitemq/store';
import type { ReadQuery, ReadResult } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';
import type { OffsetResets } from '../offsets/offset-resets.ts';
import { PullChecks } from './pull-checks.ts';
import { PullHold } from './pull-hold.ts';
import { PullOperation } from './pull-operation.ts';
import type { PullParts, PullRunner } from './pull-operation.ts';
import type { PullOffsets } from './pull-offsets.ts';
import { PullTurns } from './pull-turns.ts';
import { recordMatcher, unexpired } from './record-matcher.ts';

/** Held pulls are looked at this often, whatever arrived (PullRequestHoldService). */
export const scanPeriodMs = 5_000;
/** Most bytes of one answer, whatever the settings say (a frame holds 16 MiB). */
const answerBytesMax = 12 * 1024 * 1024;
/** Bytes of a queue entry, which `maxFilterMessageSize` counts. */
const entrySize = 20;
/** Longest time that a client may ask to be held. */
const suspendMsMax = 600_000;

const answerCodes: Readonly<Record<ReadStatus, number>> = {
  [ReadStatus.found]: ResponseCode.success,
  [ReadStatus.noMatchedMessage]: ResponseCode.pullRetryImmediately,
  [ReadStatus.messageWasRemoving]: ResponseCode.pullRetryImmediately,
  [ReadStatus.offsetFoundNull]: ResponseCode.pullNotFound,
  [ReadStatus.offsetOverflowOne]: ResponseCode.pullNotFound,
  [ReadStatus.offsetOverflowBadly]: ResponseCode.pullOffsetMoved,
  [ReadStatus.offsetTooSmall]: ResponseCode.pullOffsetMoved,
  // With another offset than 0: OFFSET_MOVED.
  [ReadStatus.noMatchedLogicQueue]: ResponseCode.pullNotFound,
  [ReadStatus.noMessageInQueue]: ResponseCode.pullNotFound,
};

function answerCode(status: ReadStatus, offset: number): number {
  const empty = status === ReadStatus.noMatchedLogicQueue || status === ReadStatus.noMessageInQueue;
  return empty && offset !== 0 ? ResponseCode.pullOffsetMoved : answerCodes[status];
}

/** PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361). */
export class PullProcessor implements PullRunner {
  readonly hold: PullHold;
  readonly #context: BrokerContext;
  readonly #checks: PullChecks;
  readonly #resets: OffsetResets;
  readonly #pullOffsets: PullOffsets;
  readonly #wheel: TimerWheel;
  readonly #turns: PullTurns<PullOperation>;
  readonly #matchers: WeakMap<CompiledFilter, (record: Uint8Array) => boolean> = new WeakMap();
  #closed = false;
  readonly #query: ReadQuery = { topic: '', queueId: 0, offset: 0, maxMessages: 0, maxBytes: 0, matchesTags: undefined, matchesRecord: undefined, scanMax: 0, transient: true };

  constructor(context: BrokerContext, resets: OffsetResets, pullOffsets: PullOffsets) {
    const { runtime, store, scope, logger } = context;
    this.#context = context;
    this.#resets = resets;
    this.#pullOffsets = pullOffsets;
    this.#checks = new PullChecks(context);
    this.#wheel = new TimerWheel({ clock: runtime.clock, timers: runtime.timers, onError: (error) => logger.error({ error }, 'a held pull could not be answered') });
    this.#turns = new PullTurns(runtime.timers, (pull) => this.#read(pull));
    this.hold = new PullHold(store, runtime.timers, this.#wheel, (pull) => this.#again(pull));
    store.onArrival(this.hold.arrived);
    scope.every('scan held pulls', scanPeriodMs, () => this.hold.scan());
  }

  readonly process = (request: Request): void => {
    const { stats, store, config } = this.#context;
    stats.pullRequests++;
    const header = request.header(Commands.pullMessage.request);
    const group = this.#checks.group(request, header);
    if (group === undefined) return;
    const topic = this.#checks.topic(request, header);
    if (topic === undefined) return;
    const filter = this.#checks.filter(request, header, group);
    if (filter === undefined) return;
    if ((header.sysFlag & PullSysFlag.commitOffset) !== 0 && header.commitOffset >= 0 && !this.#resets.isPending(header.consumerGroup, header.topic, header.queueId)) {
      store.consumerOffsets.commit(header.consumerGroup, header.topic, header.queueId, header.commitOffset);
    }
    let suspendMs = 0;
    if ((header.sysFlag & PullSysFlag.suspend) !== 0) {
      suspendMs = config.longPollingEnable ? Math.min(header.suspendTimeoutMillis, suspendMsMax) : config.shortPollingTimeMills;
    }
    const parts: PullParts = { group, topic, filter, suspendMs, traffic: group.trafficOf(header.topic) };
    const pull = new PullOperation(this, request, header, parts);
    request.detach();
    const reset = this.#resets.take(header.consumerGroup, header.topic, header.queueId);
    if (reset !== undefined) this.#answerReset(pull, reset);
    else if (this.#turns.admits(pull)) this.#read(pull);
  };

  readEnded(pull: PullOperation, result: ReadResult): void {
    if (pull.expiredMessages > 0) return this.#readExpired(pull, result);
    const { stats, store } = this.#context;
    const { request, topic, group, queueId } = pull;
    const topicName = topic.config.topicName;
    const code = answerCode(result.status, pull.offset);
    if (code === ResponseCode.pullNotFound && pull.suspendMs > 0 && !this.#closed) {
      stats.getMissTimes++;
      if (request.channel.closed || this.hold.hold(pull)) return;
      return request.fail(ResponseCode.systemBusy, 'too many pulls are held by this broker; try again later');
    }
    if (code === ResponseCode.success) {
      this.#turns.spend(result.byteCount);
      stats.delivered(result.messageCount, result.byteCount);
      pull.traffic.getCount.add(result.messageCount);
      pull.traffic.getBytes.add(result.byteCount);
    } else stats.getMissTimes++;
    this.#pullOffsets.set(group.config.groupName, topicName, queueId, result.nextBeginOffset);
    request.reply(
      Commands.pullMessage,
      code,
      {
        suggestWhichBrokerId: 0,
        nextBeginOffset: result.nextBeginOffset,
        minOffset: result.minOffset,
        maxOffset: Math.max(result.maxOffset, store.maxOffset(topicName, queueId)),
        topicSysFlag: topic.config.topicSysFlag,
        groupSysFlag: group.config.groupSysFlag,
      },
      { remark: result.status, body: result.records.length === 0 ? undefined : result.records, copyBody: result.transient },
    );
  }

  /** Some messages had expired. When that was all there was, those behind them that expired by the topic's time to live are passed over at once. */
  #readExpired(pull: PullOperation, result: ReadResult): void {
    const { stats, store, runtime, logger } = this.#context;
    const { topic, queueId } = pull;
    stats.expiredPassedOver += pull.expiredMessages;
    pull.expiredMessages = 0;
    const { ttlMs } = topic;
    if (result.status !== ReadStatus.noMatchedMessage || ttlMs === undefined || ttlMs === 0) return this.readEnded(pull, result);
    store.offsetByTime(topic.config.topicName, queueId, runtime.clock.now() - ttlMs, 'LOWER').then(
      (offset) => this.readEnded(pull, { ...result, nextBeginOffset: Math.max(offset, result.nextBeginOffset) }),
      (error: unknown) => {
        logger.warn({ error, topic: topic.config.topicName, queueId }, 'the first message that has not expired could not be looked for');
        this.readEnded(pull, result);
      },
    );
  }

  holdEnded(pull: PullOperation): void {
    this.hold.timedOut(pull);
  }

  /** Answers all that is held, and holds nothing any more. */
  close(): void {
    this.#closed = true;
    this.#turns.runAll();
    this.hold.releaseAll();
    this.#wheel.close();
  }

  /** A held pull, once more and for the last time. */
  #again(pull: PullOperation): void {
    if (pull.request.channel.closed) return;
    pull.suspendMs = 0;
    const reset = this.#resets.take(pull.group.config.groupName, pull.topic.config.topicName, pull.queueId);
    if (reset === undefined) this.#read(pull);
    else this.#answerReset(pull, reset);
  }

  #read(pull: PullOperation): void {
    if (pull.request.channel.closed) return;
    const { config, store } = this.#context;
    const query = this.#query;
    query.topic = pull.topic.config.topicName;
    query.queueId = pull.queueId;
    query.offset = pull.offset;
    query.maxMessages = Math.max(1, Math.min(pull.maxMessages, config.maxTransferCountOnMessageInMemory));
    query.maxBytes = Math.min(config.maxTransferBytesOnMessageInMemory, answerBytesMax);
    query.matchesTags = pull.filter.matchesTags;
    query.matchesRecord = pull.filter.matchesProperties === undefined ? undefined : this.#matcherOf(pull.filter);
    const { ttlMs } = pull.topic;
    if (ttlMs !== undefined) query.matchesRecord = unexpired(pull, { ttlMs, now: this.#context.runtime.clock.now(), matches: query.matchesRecord });
    query.scanMax = Math.ceil(Math.max(config.maxFilterMessageSize, pull.maxMessages * entrySize) / entrySize);
    store.read(query, pull);
  }

  /** Made once for each compiled expression. */
  #matcherOf(filter: CompiledFilter): (record: Uint8Array) => boolean {
    let matcher = this.#matchers.get(filter);
    if (matcher === undefined) {
      matcher = recordMatcher(filter.matchesProperties!);
      this.#matchers.set(filter, matcher);
    }
    return matcher;
  }

  #answerReset(pull: PullOperation, offset: number): void {
    const { store } = this.#context;
    const topic = pull.topic.config.topicName;
    pull.request.reply(
      Commands.pullMessage,
      ResponseCode.pullOffsetMoved,
      {
        suggestWhichBrokerId: 0,
        nextBeginOffset: offset,
        minOffset: store.minOffset(topic, pull.queueId),
        maxOffset: store.maxOffset(topic, pull.queueId),
        topicSysFlag: pull.topic.config.topicSysFlag,
        groupSysFlag: pull.group.config.groupSysFlag,
      },
      { remark: 'OFFSET_RESET' },
    );
  }
}
