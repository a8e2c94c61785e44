import type { AnyCommand, HeartbeatData, RequestHeaderOf } from '@kitemq/protocol';
import { Commands, decodeBatch, decodeProperties, encodeHost, encodeOffsetMessageId, encodeProperties, encodeRecord, HeartbeatData as Heartbeat, isRetryTopic, recordSizeOf, ResponseCode, retryTopicOf } from '@kitemq/protocol';
import type { Channel, Processor, Request } from '@kitemq/remoting';
import { RemotingServer } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';

interface Stored {
  readonly queueId: number;
  readonly physicalOffset: number;
  readonly queueOffset: number;
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
  readonly properties: string;
  readonly topic: string;
  readonly reconsumeTimes: number;
  readonly storeTimestamp: number;
}

interface HeldPull {
  readonly request: Request;
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
  readonly answer: () => void;
}

/** Called before the broker acts: true when it dealt with the request itself (answered, or left it unanswered). */
export type Script = (request: Request) => boolean;

/** A broker that keeps its messages over a restart and does what a script says: enough of the protocol for a client's tests. */
export class FakeBroker {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly queues: Map<string, Stored[][]> = new Map();
  readonly offsets: Map<string, number> = new Map();
  readonly members: Map<Channel, HeartbeatData> = new Map();
  /** Codes of all requests, in order. */
  readonly seen: number[] = [];
  /** Bodies of messages moved to a `%DLQ%` topic. */
  readonly dead: string[] = [];
  script: Script | undefined;
  /** Called with every commit, by request or with a pull. */
  onCommit: ((commit: { readonly topic: string; readonly group: string; readonly queueId: number; readonly offset: number }) => void) | undefined;
  /** Called with every message that was taken back; by topic, queue id and queue offset. */
  onHandedBack: ((topic: string, queueId: number, queueOffset: number) => void) | undefined;
  /** Called when a consumer sends a message to a retry topic itself. */
  onResent: ((uniqKey: string) => void) | undefined;
  #server: RemotingServer | undefined;
  #runtime: Runtime;
  #held: HeldPull[] = [];
  #physical = 0;

  constructor(runtime: Runtime, name: string, host: string, port: number) {
    this.#runtime = runtime;
    this.name = name;
    this.host = host;
    this.port = port;
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  get up(): boolean {
    return this.#server !== undefined;
  }

  async start(): Promise<void> {
    const server = new RemotingServer({ runtime: this.#runtime, host: '0.0.0.0', port: this.port, processors: (code) => this.#processor(code) });
    await server.start();
    this.#server = server;
  }

  /** Goes away; messages and offsets stay. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#held = [];
    this.members.clear();
    await server?.shutdown({ drainMs: 0 });
  }

  createTopic(topic: string, queues: number): void {
    if (!this.queues.has(topic)) this.queues.set(topic, Array.from({ length: queues }, () => []));
  }

  /** Bodies stored in the topic, by queue. */
  bodies(topic: string): string[] {
    return (this.queues.get(topic) ?? []).flat().map((stored) => new TextDecoder().decode(stored.body));
  }

  committed(group: string, topic: string, queueId: number): number | undefined {
    return this.offsets.get(`${topic}@${group}@${queueId}`);
  }

  /** Sends the client of that connection a request nobody answers. */
  push<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, body?: unknown): void {
    for (const channel of this.members.keys()) channel.invokeOneway(command, header, body as never);
  }

  #processor(code: number): Processor {
    return (request) => {
      this.seen.push(code);
      if (this.script?.(request) === true) return;
      const handle = this.#handlers.get(code);
      if (handle === undefined) request.fail(ResponseCode.requestCodeNotSupported, `request type ${code} not supported`);
      else handle(request);
    };
  }

  readonly #handlers: ReadonlyMap<number, Processor> = new Map<number, Processor>([
    [Commands.heartBeat.code, (request) => this.#heartbeat(request)],
    [Commands.unregisterClient.code, (request) => this.#unregister(request)],
    [Commands.getConsumerListByGroup.code, (request) => this.#memberList(request)],
    [Commands.queryConsumerOffset.code, (request) => this.#queryOffset(request)],
    [Commands.updateConsumerOffset.code, (request) => this.#updateOffset(request)],
    [Commands.getMaxOffset.code, (request) => this.#edge(request, 'max')],
    [Commands.getMinOffset.code, (request) => this.#edge(request, 'min')],
    [Commands.pullMessage.code, (request) => this.#pull(request, true)],
    [Commands.sendMessageV2.code, (request) => this.#send(request)],
    [Commands.sendBatchMessage.code, (request) => this.#send(request)],
    [Commands.consumerSendMsgBack.code, (request) => this.#sendBack(request)],
  ]);

  #heartbeat(request: Request): void {
    const data = Heartbeat.decode(request.body);
    const before = JSON.stringify(this.#groups());
    if (!this.members.has(request.channel)) request.channel.onClose((channel) => this.#left(channel));
    this.members.set(request.channel, data);
    for (const { groupName } of data.consumerDataSet) this.createTopic(retryTopicOf(groupName), 1);
    request.reply(Commands.heartBeat, 0, {});
    if (JSON.stringify(this.#groups()) !== before) this.#notify();
  }

  #unregister(request: Request): void {
    const { consumerGroup } = request.header(Commands.unregisterClient.request);
    const data = this.members.get(request.channel);
    if (data !== undefined) this.members.set(request.channel, { ...data, consumerDataSet: data.consumerDataSet.filter((each) => each.groupName !== consumerGroup) });
    request.reply(Commands.unregisterClient, 0, {});
    this.#notify();
  }

  #left(channel: Channel): void {
    if (this.members.delete(channel) && this.up) this.#notify();
  }

  #notify(): void {
    for (const [channel, data] of this.members) {
      for (const { groupName } of data.consumerDataSet) channel.invokeOneway(Commands.notifyConsumerIdsChanged, { consumerGroup: groupName });
    }
  }

  #groups(): [string, string][] {
    return [...this.members.values()].flatMap((data) => data.consumerDataSet.map(({ groupName }): [string, string] => [groupName, data.clientID]));
  }

  #memberList(request: Request): void {
    const { consumerGroup } = request.header(Commands.getConsumerListByGroup.request);
    const consumerIdList = this.#groups().flatMap(([group, id]) => (group === consumerGroup ? [id] : []));
    if (consumerIdList.length === 0) return request.fail(ResponseCode.systemError, `no consumer for this group, ${consumerGroup}`);
    request.reply(Commands.getConsumerListByGroup, 0, {}, { body: Commands.getConsumerListByGroup.responseBody.encode({ consumerIdList }) });
  }

  #queryOffset(request: Request): void {
    const { consumerGroup, topic, queueId } = request.header(Commands.queryConsumerOffset.request);
    const offset = this.committed(consumerGroup, topic, queueId);
    if (offset === undefined) return request.fail(ResponseCode.queryNotFound, 'Not found');
    request.reply(Commands.queryConsumerOffset, 0, { offset });
  }

  #updateOffset(request: Request): void {
    const { consumerGroup, topic, queueId, commitOffset } = request.header(Commands.updateConsumerOffset.request);
    this.#commit(topic, consumerGroup, queueId, commitOffset);
    request.reply(Commands.updateConsumerOffset, 0, {});
  }

  #commit(topic: string, group: string, queueId: number, offset: number): void {
    this.offsets.set(`${topic}@${group}@${queueId}`, offset);
    this.onCommit?.({ topic, group, queueId, offset });
  }

  #edge(request: Request, which: 'min' | 'max'): void {
    const { topic, queueId } = request.header(Commands.getMaxOffset.request);
    request.reply(Commands.getMaxOffset, 0, { offset: which === 'min' ? 0 : (this.queues.get(topic)?.[queueId]?.length ?? 0) });
  }

  #pull(request: Request, mayHold: boolean): void {
    const header = request.header(Commands.pullMessage.request);
    const { topic, queueId, queueOffset, maxMsgNums, sysFlag, suspendTimeoutMillis, consumerGroup } = header;
    const queue = this.queues.get(topic)?.[queueId];
    if (queue === undefined) return request.fail(ResponseCode.topicNotExist, `topic ${topic} not exist`);
    const known = this.#groups().some(([group]) => group === consumerGroup);
    if ((sysFlag & 4) === 0 && !known) return request.fail(ResponseCode.subscriptionNotExist, "the consumer's group info not exist");
    if (mayHold && (sysFlag & 1) !== 0) this.#commit(topic, consumerGroup, queueId, header.commitOffset);
    const edges = { minOffset: 0, maxOffset: queue.length, suggestWhichBrokerId: 0 };
    if (queueOffset > queue.length) return request.reply(Commands.pullMessage, ResponseCode.pullOffsetMoved, { ...edges, nextBeginOffset: queue.length });
    const found = queue.slice(queueOffset, queueOffset + maxMsgNums);
    if (found.length > 0) {
      return request.reply(Commands.pullMessage, 0, { ...edges, nextBeginOffset: queueOffset + found.length }, { body: found.map((stored) => stored.bytes) });
    }
    const nothing = (): void => request.reply(Commands.pullMessage, ResponseCode.pullNotFound, { ...edges, nextBeginOffset: queueOffset });
    if (!mayHold || (sysFlag & 2) === 0) return nothing();
    request.detach();
    const held: HeldPull = { request, topic, queueId, offset: queueOffset, answer: nothing };
    this.#held.push(held);
    this.#runtime.timers.setTimeout(() => {
      if (this.#held.includes(held)) this.#held = this.#held.filter((each) => each !== held);
      else return;
      nothing();
    }, suspendTimeoutMillis);
  }

  #wake(topic: string, queueId: number): void {
    const woken = this.#held.filter((held) => held.topic === topic && held.queueId === queueId);
    this.#held = this.#held.filter((held) => !woken.includes(held));
    for (const held of woken) {
      const queue = this.queues.get(topic)?.[queueId] ?? [];
      const found = queue.slice(held.offset, held.offset + 32);
      const header = { minOffset: 0, maxOffset: queue.length, suggestWhichBrokerId: 0, nextBeginOffset: held.offset + found.length };
      held.request.reply(Commands.pullMessage, 0, header, { body: found.map((stored) => stored.bytes) });
    }
  }

  #send(request: Request): void {
    const header = request.header(Commands.sendMessageV2.request);
    const body = Uint8Array.from(request.body ?? []);
    this.createTopic(header.topic, header.defaultTopicQueueNums);
    if (isRetryTopic(header.topic)) this.onResent?.(decodeProperties(header.properties ?? '')['UNIQ_KEY'] ?? '');
    const parts = header.batch === true ? decodeBatch(body) : [{ body, properties: Buffer.from(header.properties ?? ''), flag: header.flag }];
    const ids = parts.map((part) =>
      this.store({ topic: header.topic, queueId: header.queueId, body: part.body, properties: Buffer.from(part.properties).toString(), reconsumeTimes: header.reconsumeTimes ?? 0, sysFlag: header.sysFlag }),
    );
    const queueOffset = (this.queues.get(header.topic)?.[header.queueId]?.length ?? 0) - parts.length;
    request.reply(Commands.sendMessageV2, 0, { msgId: ids.join(','), queueId: header.queueId, queueOffset });
    this.#wake(header.topic, header.queueId);
  }

  /** Appends a message, as if it had been sent. */
  store(message: { topic: string; queueId: number; body: Uint8Array; properties: string; reconsumeTimes: number; sysFlag: number }): string {
    const queue = this.queues.get(message.topic)?.[message.queueId] as Stored[];
    const now = this.#runtime.clock.now();
    const storeHost = encodeHost('127.0.0.1', this.port);
    const fields = {
      ...message,
      flag: 0,
      queueOffset: queue.length,
      physicalOffset: this.#physical,
      bornTimestamp: now,
      bornHost: encodeHost('127.0.0.1', 1),
      storeTimestamp: now,
      storeHost,
      preparedTransactionOffset: 0,
      topic: Buffer.from(message.topic),
      properties: Buffer.from(message.properties),
    };
    const bytes = new Uint8Array(recordSizeOf(fields));
    encodeRecord(bytes, 0, fields);
    const { topic, body, properties, reconsumeTimes } = message;
    queue.push({ queueId: message.queueId, physicalOffset: this.#physical, queueOffset: queue.length, bytes, body, properties, topic, reconsumeTimes, storeTimestamp: now });
    this.#physical += bytes.length;
    return encodeOffsetMessageId(storeHost, fields.physicalOffset);
  }

  /** Redelivers at once: tests do not wait for delay levels. */
  #sendBack(request: Request): void {
    const { offset, group, delayLevel, maxReconsumeTimes = 16 } = request.header(Commands.consumerSendMsgBack.request);
    const stored = [...this.queues.values()].flat(2).find((each) => each.physicalOffset === offset);
    if (stored === undefined) return request.fail(ResponseCode.systemError, `look message by offset failed, ${offset}`);
    if (delayLevel < 0 || stored.reconsumeTimes >= maxReconsumeTimes) {
      this.onHandedBack?.(stored.topic, stored.queueId, stored.queueOffset);
      this.dead.push(new TextDecoder().decode(stored.body));
    } else {
      this.onHandedBack?.(stored.topic, stored.queueId, stored.queueOffset);
      const topic = retryTopicOf(group);
      const properties = { ...decodeProperties(stored.properties) };
      properties['RETRY_TOPIC'] ??= stored.topic;
      this.store({ topic, queueId: 0, body: stored.body, properties: encodeProperties(properties), reconsumeTimes: stored.reconsumeTimes + 1, sysFlag: 0 });
      this.#wake(topic, 0);
    }
    request.reply(Commands.consumerSendMsgBack, 0, {});
  }
}
