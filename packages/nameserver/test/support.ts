import type { AnyCommand, RequestBodyOf, RequestHeaderOf } from '@kitemq/protocol';
import { Commands, DataVersion, RegisterBrokerBody, TopicConfig, TopicConfigAndMappingSerializeWrapper } from '@kitemq/protocol';
import type { Reply, RemotingClientOptions } from '@kitemq/remoting';
import { RemotingClient } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';
import { nodeRuntime } from '@kitemq/runtime';
import type { NameserverSettings } from '../src/index.ts';
import { Nameserver } from '../src/index.ts';

export const startNameserver = async (settings: Partial<NameserverSettings> = {}, runtime: Runtime = nodeRuntime()): Promise<Nameserver> => {
  const nameserver = new Nameserver({ runtime, settings: { listenPort: 0, ...settings } });
  await nameserver.start();
  return nameserver;
};

/** One connection to a name server: a broker, a client or an administrator. */
export class Caller {
  readonly address: string;
  readonly client: RemotingClient;

  constructor(nameserver: Nameserver, options: Partial<RemotingClientOptions> = {}) {
    this.address = nameserver.address;
    this.client = new RemotingClient({ runtime: nodeRuntime(), ...options });
  }

  call<C extends AnyCommand>(command: C, header: RequestHeaderOf<C>, body?: RequestBodyOf<C>, ext?: Record<string, string>): Promise<Reply<C>> {
    return this.client.invoke(this.address, command, header, body, ext === undefined ? {} : { ext });
  }

  async register(broker: BrokerParts = {}): Promise<Reply<typeof Commands.registerBroker>> {
    return this.call(Commands.registerBroker, registerHeader(broker), registerBody(broker));
  }

  async unregister(broker: BrokerParts = {}): Promise<Reply<typeof Commands.unregisterBroker>> {
    const { brokerName, brokerAddr, clusterName, brokerId } = registerHeader(broker);
    return this.call(Commands.unregisterBroker, { brokerName, brokerAddr, clusterName, brokerId });
  }

  route(topic: string): Promise<Reply<typeof Commands.getRouteInfoByTopic>> {
    return this.call(Commands.getRouteInfoByTopic, { topic });
  }

  /** Broker addresses by id that a route names, or undefined without route. */
  async addresses(topic: string, brokerName = 'broker-a'): Promise<Record<string, string> | undefined> {
    const reply = await this.route(topic);
    if (!reply.ok) return undefined;
    const broker = reply.body().brokerDatas.find((each) => each.brokerName === brokerName);
    return broker === undefined ? undefined : Object.fromEntries(broker.brokerAddrs);
  }

  async perm(topic: string, brokerName = 'broker-a'): Promise<number | undefined> {
    const reply = await this.route(topic);
    return reply.ok ? reply.body().queueDatas.find((each) => each.brokerName === brokerName)?.perm : undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client.shutdown();
  }
}

export interface BrokerParts {
  clusterName?: string;
  brokerName?: string;
  brokerAddr?: string;
  brokerId?: number;
  haServerAddr?: string;
  heartbeatTimeoutMillis?: number;
  enableActingMaster?: boolean;
  zoneName?: string;
  topics?: (string | Partial<TopicConfig>)[];
  version?: Partial<DataVersion>;
  filterServerList?: string[];
}

export const registerHeader = (parts: BrokerParts) => ({
  clusterName: parts.clusterName ?? 'DefaultCluster',
  brokerName: parts.brokerName ?? 'broker-a',
  brokerAddr: parts.brokerAddr ?? '127.0.0.1:10911',
  brokerId: parts.brokerId ?? 0,
  haServerAddr: parts.haServerAddr ?? '127.0.0.1:10912',
  heartbeatTimeoutMillis: parts.heartbeatTimeoutMillis,
  enableActingMaster: parts.enableActingMaster,
  zoneName: parts.zoneName,
});

export const registerBody = ({ topics = ['T1', 'T2'], version = {}, filterServerList = [] }: BrokerParts): RegisterBrokerBody => {
  const configs = topics.map((topic) => TopicConfig.create({ readQueueNums: 8, writeQueueNums: 8, ...(typeof topic === 'string' ? { topicName: topic } : topic) }));
  return RegisterBrokerBody.create({
    filterServerList,
    topicConfigSerializeWrapper: TopicConfigAndMappingSerializeWrapper.create({
      topicConfigTable: new Map(configs.map((config) => [config.topicName, config])),
      dataVersion: DataVersion.create({ stateVersion: 0, timestamp: 1, counter: 0, ...version }),
    }),
  });
};

/** Polls until `check` gives a truthy value. */
export const eventually = async <T>(check: () => T | Promise<T>, what = 'it', timeoutMs = 10_000): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
