import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Commands, decodeMessages, encodeProperties } from '@kitemq/protocol';
import type { AnyCommand, PullMessageRequestHeader, RequestBodyOf, RequestHeaderOf, SendMessageRequestHeaderV2, StoredMessage } from '@kitemq/protocol';
import { RemotingClient } from '@kitemq/remoting';
import type { ProcessorTable, Reply } from '@kitemq/remoting';
import { memoryKeyValueStores, nodeRuntime } from '@kitemq/runtime';
import type { Runtime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { Broker } from '../../src/index.ts';
import type { BrokerOptions, BrokerSettings } from '../../src/index.ts';

export interface TestBrokerOptions {
  readonly settings?: Partial<BrokerSettings>;
  readonly runtime?: Runtime;
  readonly memoryBytes?: number;
  /** Requests that the broker sends to the client. */
  readonly processors?: ProcessorTable;
}

/** A broker on a free port and a client connected to it. Restartable on the same data. */
export class TestBroker {
  readonly logger: RecordingLogger = new RecordingLogger();
  readonly runtime: Runtime;
  readonly directory: string = mkdtempSync(join(tmpdir(), 'kitemq-broker-'));
  readonly client: RemotingClient;
  readonly #options: TestBrokerOptions;
  readonly #keyValue = memoryKeyValueStores();
  readonly #clients: RemotingClient[] = [];
  broker!: Broker;

  constructor(options: TestBrokerOptions = {}) {
    this.#options = options;
    this.runtime = options.runtime ?? nodeRuntime({ logger: this.logger });
    this.client = this.newClient(options.processors);
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const test = new TestBroker(options);
    await test.open();
    return test;
  }

  /** Another client process. */
  newClient(processors?: ProcessorTable): RemotingClient {
    const client = new RemotingClient({ runtime: this.runtime, ...(processors === undefined ? {} : { processors }) });
    this.#clients.push(client);
    return client;
  }

  async open(settings: Partial<BrokerSettings> = {}): Promise<void> {
    const options: BrokerOptions = {
      runtime: this.runtime,
      openKeyValue: this.#keyValue,
      settings: { listenPort: 0, storePathRootDir: this.directory, mappedFileSizeCommitLog: 4 * 1024 * 1024, ...this.#options.settings, ...settings },
      ...(this.#options.memoryBytes === undefined ? {} : { memoryBytes: this.#options.memoryBytes }),
    };
    this.broker = new Broker(options);
    await this.broker.start();
  }

  async restart(settings: Partial<BrokerSettings> = {}): Promise<void> {
    await this.broker.shutdown();
    await this.open(settings);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.shutdown()));
    await this.broker.shutdown();
    rmSync(this.directory, { recursive: true, force: true });
  }

  call<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, client: RemotingClient = this.client): Promise<Reply<C>> {
    return client.invoke(this.broker.address, command, header, body, { timeoutMs: 20_000 });
  }

  /** Sends a message with the header of a Java client. */
  send(topic: string, body: string | Uint8Array, overrides: Partial<SendMessageRequestHeaderV2> & { props?: Record<string, string> } = {}): Promise<Reply<typeof Commands.sendMessageV2>> {
    const { props, ...header } = overrides;
    return this.call(Commands.sendMessageV2, { ...sendHeader(topic), ...(props === undefined ? {} : { properties: encodeProperties(props) }), ...header }, Buffer.from(body));
  }

  async pull(topic: string, queueId: number, offset: number, overrides: Partial<PullMessageRequestHeader> = {}, client?: RemotingClient): Promise<PullAnswer> {
    const reply = await this.call(Commands.pullMessage, { ...pullHeader(topic, queueId, offset), ...overrides }, undefined, client);
    return { reply, code: reply.code, remark: reply.remark, messages: reply.code === 0 ? decodeMessages(reply.bytes!) : [] };
  }

  /** A group that is online for `topic`, by a heartbeat. */
  async subscribe(group: string, topic: string, expression = '*', client?: RemotingClient): Promise<void> {
    const { HeartbeatData, ConsumerData, SubscriptionData } = await import('@kitemq/protocol');
    const tags = expression === '*' ? [] : expression.split('||').map((tag) => tag.trim());
    const subscription = SubscriptionData.create({ topic, subString: expression, tagsSet: tags, subVersion: 1 });
    const consumer = ConsumerData.create({ groupName: group, subscriptionDataSet: [subscription] });
    await this.call(Commands.heartBeat, {}, HeartbeatData.create({ clientID: `127.0.0.1@${group}`, consumerDataSet: [consumer] }), client);
  }

  createTopic(topic: string, queues: number, overrides: Partial<RequestHeaderOf<typeof Commands.updateAndCreateTopic>> = {}): Promise<Reply<typeof Commands.updateAndCreateTopic>> {
    return this.call(Commands.updateAndCreateTopic, {
      topic, defaultTopic: 'TBW102', readQueueNums: queues, writeQueueNums: queues, perm: 6, topicFilterType: 'SINGLE_TAG', order: false, ...overrides,
    });
  }
}

export interface PullAnswer {
  readonly reply: Reply<typeof Commands.pullMessage>;
  readonly code: number;
  readonly remark: string | undefined;
  readonly messages: StoredMessage[];
}

export function sendHeader(topic: string): SendMessageRequestHeaderV2 {
  return { producerGroup: 'PG', topic, defaultTopic: 'TBW102', defaultTopicQueueNums: 4, queueId: 0, sysFlag: 0, bornTimestamp: 1_700_000_000_000, flag: 0, reconsumeTimes: 0, unitMode: false, batch: false };
}

/** Bits: 4 the subscription is in the request, 2 hold it, 1 commit. */
export function pullHeader(topic: string, queueId: number, offset: number): PullMessageRequestHeader {
  return { consumerGroup: 'CG', topic, queueId, queueOffset: offset, maxMsgNums: 32, sysFlag: 4, commitOffset: 0, suspendTimeoutMillis: 15_000, subscription: '*', subVersion: 0, expressionType: 'TAG' };
}

/** Polls until `check` returns something truthy. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 10_000): Promise<NonNullable<T>> {
  const limit = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value as NonNullable<T>;
    if (Date.now() > limit) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
