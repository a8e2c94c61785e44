import { BrokerData, Commands, QueueData, ResponseCode, TopicRouteData } from '@kitemq/protocol';
import type { Processor, Request } from '@kitemq/remoting';
import { RemotingServer } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { Simulation } from '@kitemq/simulator';
import type { ClientOptions } from '../../src/index.ts';
import { Client } from '../../src/index.ts';
import { FakeBroker } from './fake-broker.ts';

const NAMESERVER_PORT = 9_876;
const BROKER_PORT = 10_911;

/** A name server that knows the brokers that are up. */
class FakeNameserver {
  readonly #runtime: Runtime;
  readonly #brokers: readonly FakeBroker[];
  readonly address: string;
  #server: RemotingServer | undefined;
  queries = 0;

  constructor(runtime: Runtime, machine: string, brokers: readonly FakeBroker[]) {
    this.#runtime = runtime;
    this.#brokers = brokers;
    this.address = `${machine}:${NAMESERVER_PORT}`;
  }

  async start(): Promise<void> {
    const processors = new Map<number, Processor>([[Commands.getRouteInfoByTopic.code, (request) => this.#route(request)]]);
    const server = new RemotingServer({ runtime: this.#runtime, host: '0.0.0.0', port: NAMESERVER_PORT, processors });
    await server.start();
    this.#server = server;
  }

  async stop(): Promise<void> {
    await this.#server?.shutdown({ drainMs: 0 });
    this.#server = undefined;
  }

  #route(request: Request): void {
    this.queries++;
    const { topic } = request.header(Commands.getRouteInfoByTopic.request);
    const holders = this.#brokers.filter((broker) => broker.up && (topic === 'TBW102' || broker.queues.has(topic)));
    if (holders.length === 0) return request.fail(ResponseCode.topicNotExist, `No topic route info in name server for the topic: ${topic}`);
    const body = TopicRouteData.encode(
      TopicRouteData.create({
        brokerDatas: holders.map((broker) => BrokerData.create({ cluster: 'c', brokerName: broker.name, brokerAddrs: new Map([[0, broker.address]]) })),
        queueDatas: holders.map((broker) => {
          const count = broker.queues.get(topic)?.length ?? 8;
          return QueueData.create({ brokerName: broker.name, readQueueNums: count, writeQueueNums: count, perm: topic === 'TBW102' ? 7 : 6 });
        }),
      }),
    );
    request.reply(Commands.getRouteInfoByTopic, 0, {}, { body });
  }
}

/** Name servers, brokers and clients in one simulated world: virtual time, a network that can be cut, and no unhandled rejection tolerated. */
export class FakeCluster {
  readonly simulation: Simulation;
  readonly brokers: readonly FakeBroker[];
  readonly nameservers: readonly FakeNameserver[];
  readonly logger: RecordingLogger = new RecordingLogger();
  #clients = 0;
  readonly #made: Client[] = [];

  constructor(options: { readonly seed?: number; readonly brokers?: number; readonly nameservers?: number } = {}) {
    this.simulation = new Simulation({ seed: options.seed ?? 1 });
    this.brokers = ['broker-a', 'broker-b', 'broker-c']
      .slice(0, options.brokers ?? 1)
      .map((name) => new FakeBroker(this.simulation.process(name).runtime, name, name, BROKER_PORT));
    this.nameservers = ['ns-1', 'ns-2']
      .slice(0, options.nameservers ?? 1)
      .map((name) => new FakeNameserver(this.simulation.process(name).runtime, name, this.brokers));
  }

  get broker(): FakeBroker {
    return this.brokers[0] as FakeBroker;
  }

  /** Starts everything, runs the test in virtual time, closes the clients. */
  async run(test: (cluster: FakeCluster) => Promise<void>, options: { readonly cold?: boolean } = {}): Promise<void> {
    await this.simulation.run(async () => {
      if (options.cold !== true) for (const server of [...this.nameservers, ...this.brokers]) await server.start();
      await test(this);
      for (const client of this.#made) await client.close({ drainMs: 100 });
    });
  }

  /** A client on a machine of its own: `client-1`, `client-2`, … */
  client(options: Partial<ClientOptions> = {}): Client {
    const machine = `client-${++this.#clients}`;
    const client = new Client({
      nameservers: this.nameservers.map((nameserver) => nameserver.address),
      runtime: this.simulation.process(machine).runtime,
      clientId: machine,
      logger: this.logger,
      ...options,
    });
    this.#made.push(client);
    return client;
  }

  /** Lets virtual time pass until `done` says so. */
  async until(what: string, done: () => boolean, limitMs = 120_000): Promise<void> {
    const end = this.simulation.now + limitMs;
    while (!done()) {
      if (this.simulation.now > end) throw new Error(`gave up waiting until ${what}`);
      await this.simulation.sleep(5);
    }
  }
}
