import { Commands, decodeBatch, dlqTopicOf, encodeHost, ipText, isUnsendableTopic, isWriteable, MessageSysFlag, MqVersion, NameLimits, OffsetMessageIds, PropertyKey, PropertyName, RecordLimits, ResponseCode, SendAnswerWriter, tagsCodeOf, topicNameProblem, UniqKeyGenerator } from '@kitemq/protocol';
import type { AnyCommand } from '@kitemq/protocol';
import type { Channel, ReplyOptions, Request } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import { AppendOutcome, AppendStatus } from '@kitemq/store';
import type { MessageToAppend } from '@kitemq/store';
import type { BrokerContext } from '../broker-context.ts';
import { longestTtl, ttlOf } from '../expiry/message-ttl.ts';
import { scheduleMessage } from '../schedule/schedule-message.ts';
import type { TopicEntry } from '../topics/topic-table.ts';
import { PendingSend } from './pending-send.ts';
import type { SendAnswerer, SendFacts } from './pending-send.ts';
import { SendFailures } from './send-failures.ts';
import type { SendFailure } from './send-failures.ts';
import { SendHeader } from './send-header.ts';
import { SendProperties } from './send-properties.ts';

const noBody = new Uint8Array(0);
const badTtl = `the property ${PropertyName.messageTtl} is no whole number of milliseconds from 1 on`;
const batchTtl = `a batch has no ${PropertyName.messageTtl}; each of its messages may have one`;
/** A consumer that missed an expired message would take an older one of its key for the latest. */
const compactedTtl = `the latest message of a key stays for ever: none with ${PropertyName.messageTtl} can be sent to a compacted topic; an empty body removes a key`;
/** As Apache's broker says it. */
const keyMissing = 'Required message key is missing';
const keys = new PropertyKey(PropertyName.keys);

/** Whether the property string has a key that a compacted topic can keep the message for. */
function hasKey(properties: Uint8Array): boolean {
  return (keys.find(properties) ?? '').trim() !== '';
}

/**
 * SEND_MESSAGE (10), SEND_MESSAGE_V2 (310) and SEND_BATCH_MESSAGE (320). The checks run in Apache's order, because the first
 * that fails decides the code; what is stored is written into the log's tail before this returns, and answered when the store
 * says that it is as durable as the broker promises.
 */
export class SendProcessor implements SendAnswerer {
  readonly #context: BrokerContext;
  readonly #properties: SendProperties;
  readonly #ids: OffsetMessageIds;
  readonly #uniqueKeys: UniqKeyGenerator;
  readonly #failures: SendFailures;
  readonly #failureOptions: Map<SendFailure, ReplyOptions> = new Map();
  readonly #ext: Readonly<Record<string, string>>;
  readonly #hosts: WeakMap<Channel, Uint8Array> = new WeakMap();
  readonly #facts: SendFacts;
  readonly #header: SendHeader = new SendHeader();
  /** With these an answer is written from its bytes. */
  readonly #answerOptions: ReplyOptions;
  /** Reused: the store keeps nothing of it. */
  readonly #message: MessageToAppend = {
    topic: '', queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 0, bornHost: noBody, reconsumeTimes: 0,
    preparedTransactionOffset: 0, body: noBody, properties: noBody, tagsCode: 0,
  };

  constructor(context: BrokerContext) {
    const { config, runtime, storeHost } = context;
    this.#context = context;
    this.#ext = { MSG_REGION: config.regionId, TRACE_ON: String(config.traceOn) };
    this.#properties = new SendProperties({ ...this.#ext, CLUSTER: config.brokerClusterName });
    this.#ids = new OffsetMessageIds(storeHost);
    this.#uniqueKeys = new UniqKeyGenerator(runtime.clock, runtime.random, { ip: ipText(storeHost.subarray(0, -4)), processId: runtime.processId });
    this.#failures = new SendFailures(config.maxMessageSize);
    this.#facts = { waitForFlush: true, messages: 1, bytes: 0, queueId: 0, keyFromEnd: 0, keyLength: 0, batchKey: undefined, innerBatch: false, regionId: config.regionId, traceOn: config.traceOn };
    this.#answerOptions = { writer: new SendAnswerWriter(storeHost, config) };
  }

  /** SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE. */
  readonly processV2 = (request: Request): void => {
    this.#process(request, this.#header.read(request, 'letters'));
  };

  /** SEND_MESSAGE */
  readonly processV1 = (request: Request): void => {
    this.#process(request, this.#header.read(request, 'longNames'));
  };

  #process(request: Request, header: SendHeader): void {
    const topic = this.#admit(request, header);
    if (topic === undefined) return;
    if (header.batch || request.code === Commands.sendBatchMessage.code) this.#sendBatch(request, header, topic);
    else this.#send(request, header, topic);
  }

  /** The checks of spec §2.1; undefined when the request was answered. */
  #admit(request: Request, header: SendHeader): TopicEntry | undefined {
    const { config, topics, runtime, stats, diskGuard } = this.#context;
    stats.sendRequests++;
    const opensAt = config.startAcceptSendRequestTimeStamp;
    if (opensAt > 0 && runtime.clock.now() < opensAt) {
      return this.#refuse(request, ResponseCode.systemError, `broker unable to service, until ${new Date(opensAt).toISOString()}`);
    }
    const known = topics.get(header.topic);
    if (!isWriteable(config.brokerPermission) && known?.config.order === true) {
      return this.#refuse(request, ResponseCode.noPermission, `the broker[${config.brokerName}] sending message is forbidden`);
    }
    const nameError = known === undefined ? topicNameProblem(header.topic) : known.nameError;
    if (nameError !== undefined) return this.#refuse(request, ResponseCode.invalidParameter, nameError);
    if (known === undefined ? isUnsendableTopic(header.topic) : known.closedToClients) {
      return this.#refuse(request, ResponseCode.noPermission, `Sending message to topic[${header.topic}] is forbidden.`);
    }
    const topic = known ?? topics.findOrCreate(header.topic, header.defaultTopic, header.defaultTopicQueueNums, header.unitMode);
    if (topic === undefined) return this.#refuse(request, ResponseCode.topicNotExist, `topic[${header.topic}] not exist, apply first please!`);
    const queues = Math.max(topic.config.readQueueNums, topic.config.writeQueueNums);
    if (header.queueId >= queues) {
      return this.#refuse(request, ResponseCode.invalidParameter, `request queueId[${header.queueId}] is illegal, topic[${header.topic}] has ${queues} queues`);
    }
    if (diskGuard.full) return this.#failed(request, this.#failures.diskFull);
    return topic;
  }

  #send(request: Request, header: SendHeader, named: TopicEntry): void {
    let topic = named;
    let queueId = this.#queueOf(header, topic);
    const properties = this.#properties;
    let fits = properties.begin(header);
    const { reconsumeTimes } = header;
    if (topic.retryGroup !== undefined) {
      const target = this.#retryTarget(request, header, topic, reconsumeTimes);
      if (target === undefined) return;
      if (target !== topic) {
        topic = target;
        queueId = 0;
        properties.delayLevel = 0;
      }
    }
    if (!fits) return this.#failed(request, this.#failures.illegal);
    if (properties.transaction && !(reconsumeTimes > 0 && properties.delayLevel > 0)) {
      return this.#refuse(request, ResponseCode.noPermission, `the broker[${this.#context.config.brokerName}] sending transaction message is forbidden: transactions are not available`);
    }
    if (Number.isNaN(properties.delayLevel)) return this.#refuse(request, ResponseCode.messageIllegal, 'the property DELAY is no number');
    if (properties.innerBatch || (header.sysFlag & MessageSysFlag.innerBatch) !== 0) return this.#refuse(request, ResponseCode.messageIllegal, 'an inner batch (INNER_NUM, or its bit in sysFlag) is made by the broker only');
    // What is tried again, or given up, does not expire.
    if (properties.ttlMs !== 0 && named.retryGroup === undefined && !this.#admitTtl(request, topic, properties.ttlMs)) return;
    if (topic.compacted && !hasKey(properties.bytes())) return this.#refuse(request, ResponseCode.messageIllegal, keyMissing);
    const delayed = properties.delayLevel > 0;
    if (properties.timer) {
      if (!delayed) return this.#refuse(request, ResponseCode.systemError, 'accurate timer message is not enabled, timerWheelEnable is false');
      fits = properties.begin(header, true);
    }
    if (properties.uniqueKeyEnd === 0) properties.setUniqueKey(this.#uniqueKeys.next());
    const message = this.#message;
    message.topic = topic.config.topicName;
    message.queueId = queueId;
    message.tagsCode = properties.tagsCode;
    if (delayed) scheduleMessage(message, properties, this.#context);
    message.flag = header.flag;
    message.sysFlag = this.#sysFlagOf(header, topic);
    message.bornTimestamp = header.bornTimestamp;
    message.bornHost = this.#bornHost(request.channel);
    message.reconsumeTimes = reconsumeTimes;
    message.body = request.body ?? noBody;
    message.properties = properties.bytes();
    if (properties.length > RecordLimits.propertiesBytesMax) return this.#failed(request, this.#failures.illegal);
    const facts = this.#facts;
    facts.queueId = queueId;
    facts.keyFromEnd = properties.length - properties.uniqueKeyStart;
    facts.keyLength = properties.uniqueKeyEnd - properties.uniqueKeyStart;
    facts.batchKey = undefined;
    facts.waitForFlush = properties.waitForStore;
    facts.messages = 1;
    facts.bytes = message.body.length;
    const pending = new PendingSend(this, request, topic, facts);
    const status = this.#context.store.append(message, pending);
    message.body = noBody;
    if (status === AppendStatus.accepted) request.detach();
    else this.#failed(request, this.#failures.of(status));
  }

  /** Whether a message may have this MSG_TTL_MS, which the topic gets to know of then; false when the request was answered. */
  #admitTtl(request: Request, topic: TopicEntry, ttlMs: number): boolean {
    const problem = Number.isNaN(ttlMs) ? badTtl : topic.compacted ? compactedTtl : undefined;
    if (problem === undefined) this.#context.topics.noteTtlMessages(topic);
    else this.#refuse(request, ResponseCode.messageIllegal, problem);
    return problem === undefined;
  }

  /** `%RETRY%group`: the topic itself, or the dead letters; undefined when the request was answered. */
  #retryTarget(request: Request, header: SendHeader, topic: TopicEntry, reconsumeTimes: number): TopicEntry | undefined {
    const { groups, locks, topics } = this.#context;
    const name = topic.retryGroup!;
    const group = groups.findOrCreate(name);
    if (group === undefined) return this.#refuse(request, ResponseCode.subscriptionGroupNotExist, `subscription group not exist, ${name}`);
    const own = request.version >= MqVersion.v3_4_9 ? header.maxReconsumeTimes : undefined;
    // An ordered consumer sends a message here only when it gives it up.
    if (reconsumeTimes <= (own ?? group.config.retryMaxTimes) && !locks.isLocked(name)) return topic;
    const deadLetters = topics.ensureGroupTopic(dlqTopicOf(name), 1);
    return deadLetters ?? this.#refuse(request, ResponseCode.systemError, `the dead letter topic of ${name} cannot be made`);
  }

  #sendBatch(request: Request, header: SendHeader, topic: TopicEntry): void {
    const { config, store } = this.#context;
    if (header.topic.length > NameLimits.topicLengthMax) return this.#refuse(request, ResponseCode.messageIllegal, `message topic length too long ${header.topic.length}`);
    if (topic.retryGroup !== undefined) return this.#refuse(request, ResponseCode.messageIllegal, 'batch request does not support retry group');
    const properties = this.#properties;
    if (!properties.begin(header)) return this.#failed(request, this.#failures.illegal);
    if (properties.transaction || properties.delayLevel > 0) return this.#refuse(request, ResponseCode.messageIllegal, 'a batch can be neither delayed nor transactional');
    const body = request.body ?? noBody;
    if (body.length > config.maxMessageSize) return this.#failed(request, this.#failures.illegal);
    const queueId = this.#queueOf(header, topic);
    const template = {
      topic: topic.config.topicName,
      queueId,
      sysFlag: this.#sysFlagOf(header, topic),
      bornTimestamp: header.bornTimestamp,
      bornHost: this.#bornHost(request.channel),
      reconsumeTimes: header.reconsumeTimes,
      preparedTransactionOffset: 0,
    };
    let messages: MessageToAppend[];
    try {
      messages = decodeBatch(body).map((element) => ({ ...template, ...element, tagsCode: tagsCodeOf(element.properties) }));
    } catch (error) {
      if (!KiteError.is(error, 'KITE_BATCH_INVALID')) throw error;
      return this.#refuse(request, ResponseCode.messageIllegal, error.message);
    }
    if (messages.length === 0) return this.#refuse(request, ResponseCode.messageIllegal, 'the batch is empty');
    if (topic.compacted && !messages.every((message) => hasKey(message.properties))) return this.#refuse(request, ResponseCode.messageIllegal, keyMissing);
    if (properties.ttlMs !== 0) return this.#refuse(request, ResponseCode.messageIllegal, batchTtl);
    const ttls = messages.map((message) => ttlOf(message.properties));
    for (const ttlMs of ttls) if (ttlMs !== 0 && !this.#admitTtl(request, topic, ttlMs)) return;
    const facts = this.#facts;
    facts.queueId = queueId;
    facts.keyFromEnd = facts.keyLength = 0;
    facts.batchKey = properties.uniqueKey();
    facts.waitForFlush = properties.waitForStore;
    facts.messages = messages.length;
    facts.bytes = body.length;
    facts.innerBatch = topic.batchQueue && facts.batchKey !== undefined;
    const pending = new PendingSend(this, request, topic, facts);
    const status = facts.innerBatch ? this.#appendInner(messages, longestTtl(ttls), header, pending) : store.appendBatch(messages, pending);
    facts.innerBatch = false;
    if (status === AppendStatus.accepted) request.detach();
    else this.#failed(request, this.#failures.of(status));
  }

  /** A batch as one record whose body it is, as it came; it takes as many offsets as it has messages. */
  #appendInner(messages: readonly MessageToAppend[], ttlMs: number, header: SendHeader, pending: PendingSend): AppendStatus {
    const { store } = this.#context;
    const properties = this.#properties;
    const first = messages[0]!;
    properties.append(PropertyName.innerNum, String(messages.length));
    properties.append(PropertyName.innerBase, String(store.maxOffset(first.topic, first.queueId, false)));
    if (ttlMs > 0) properties.append(PropertyName.messageTtl, String(ttlMs));
    if (properties.length > RecordLimits.propertiesBytesMax) return AppendStatus.messageIllegal;
    const body = pending.request.body ?? noBody;
    const sysFlag = first.sysFlag | MessageSysFlag.needUnwrap | MessageSysFlag.innerBatch;
    return store.append({ ...first, flag: header.flag, sysFlag, body, properties: properties.bytes(), tagsCode: properties.tagsCode, count: messages.length }, pending);
  }

  sendEnded(send: PendingSend, outcome: AppendOutcome): void {
    const { request } = send;
    if (outcome === AppendOutcome.failed) return this.#failed(request, this.#failures.unavailable);
    const { topic, messages } = send;
    topic.putCount.add(messages);
    topic.putBytes.add(send.bytes);
    this.#context.stats.stored(messages, send.bytes);
    if (request.oneway) return;
    const code = outcome === AppendOutcome.stored ? ResponseCode.success : ResponseCode.flushDiskTimeout;
    request.reply(Commands.sendMessageV2, code, send, send.physicalOffsets === undefined && send.batchUniqId === undefined ? this.#answerOptions : undefined);
  }

  messageIds({ physicalOffset, physicalOffsets }: PendingSend): string {
    return physicalOffsets === undefined ? this.#ids.at(physicalOffset) : physicalOffsets.map((offset) => this.#ids.at(offset)).join(',');
  }

  #queueOf(header: SendHeader, topic: TopicEntry): number {
    if (header.queueId >= 0) return header.queueId;
    const { writeQueueNums } = topic.config;
    return writeQueueNums <= 1 ? 0 : this.#context.runtime.random.below(writeQueueNums);
  }

  #sysFlagOf(header: SendHeader, topic: TopicEntry): number {
    return topic.config.topicFilterType === 'MULTI_TAG' ? header.sysFlag | MessageSysFlag.multiTags : header.sysFlag;
  }

  #bornHost(channel: Channel): Uint8Array {
    let host = this.#hosts.get(channel);
    if (host === undefined) {
      host = encodeHost(channel.remoteIp, channel.remotePort);
      this.#hosts.set(channel, host);
    }
    return host;
  }

  #failed(request: Request, failure: SendFailure): undefined {
    let options = this.#failureOptions.get(failure);
    if (options === undefined) {
      options = { remark: failure.remark, ext: this.#ext };
      this.#failureOptions.set(failure, options);
    }
    this.#context.stats.sendFailures++;
    request.reply(Commands.sendMessageV2 as AnyCommand, failure.code, undefined, options);
  }

  /** Java clients read MSG_REGION of every answer, also of errors. */
  #refuse(request: Request, code: number, remark: string): undefined {
    this.#context.stats.sendFailures++;
    request.reply(Commands.sendMessageV2 as AnyCommand, code, undefined, { remark, ext: this.#ext });
  }
}
