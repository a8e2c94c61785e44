import type { Consumer, ReceivedMessage } from '../../src/index.ts';
import { FakeCluster } from '../fake/fake-cluster.ts';

const GROUP = 'g';
const TOPIC = 'T';
const MESSAGES = 150;

/**
 * One life of a group among servers that come and go, a network that loses, resets and partitions, members that come and go, handlers that
 * fail or hang. Checked: no offset is committed while a message below it is neither handled nor handed back; every acknowledged
 * message is handled in the end; nothing else is. The simulation itself fails on a rejection that nobody handles.
 */
export async function chaos(seed: number): Promise<void> {
  const cluster = new FakeCluster({ seed, brokers: 2, nameservers: 2 });
  await cluster.run((started) => new Chaos(started).live());
}

class Chaos {
  readonly #cluster: FakeCluster;
  readonly #handled = new Set<string>();
  /** `broker topic queue offset` of what left the process queues by right. */
  readonly #settled = new Set<string>();
  readonly #sent: string[] = [];
  readonly #tried = new Set<string>();
  readonly #members: Consumer[] = [];
  readonly #violations: string[] = [];
  readonly #ending = new AbortController();

  constructor(cluster: FakeCluster) {
    this.#cluster = cluster;
  }

  async live(): Promise<void> {
    const { brokers, simulation } = this.#cluster;
    for (const broker of brokers) {
      broker.createTopic(TOPIC, 3);
      broker.onHandedBack = (topic, queueId, offset) => this.#settled.add(`${broker.name} ${topic} ${queueId} ${offset}`);
      broker.onResent = (uniqKey) => this.#markCopies(uniqKey);
      broker.onCommit = ({ topic, queueId, offset }) => this.#checkCommit(broker.name, topic, queueId, offset);
    }
    Object.assign(simulation.network.faults, { resetProbability: 0.002, lossProbability: 0.01 });
    for (let member = 0; member < 2; member++) await this.#join();
    const disturbances = [this.#servers(), this.#network(), this.#comings()];
    await this.#produce();
    this.#ending.abort();
    await Promise.all(disturbances);
    simulation.heal();
    Object.assign(simulation.network.faults, { resetProbability: 0, lossProbability: 0 });
    if (this.#violations.length > 0) throw new Error(this.#violations[0]);
    await this.#cluster.until('every acknowledged message was handled', () => this.#sent.every((body) => this.#handled.has(body)), 400_000);
    if (this.#violations.length > 0) throw new Error(this.#violations[0]);
    for (const body of this.#handled) if (!this.#tried.has(body)) throw new Error(`${body} was invented`);
    if (this.#sent.length < MESSAGES / 2) throw new Error(`only ${this.#sent.length} of ${MESSAGES} sends succeeded`);
  }

  async #join(): Promise<void> {
    const { simulation } = this.#cluster;
    const client = this.#cluster.client({ heartbeatMs: 5_000, routeRefreshMs: 5_000 });
    const consumer = await client.consumer({ group: GROUP, subscriptions: { [TOPIC]: '*' }, from: 'first', consumeTimeoutMs: 20_000, maxReconsumeTimes: 1_000 });
    this.#members.push(consumer);
    void consumer.run((message) => this.#handle(message), { concurrency: 1 + simulation.random.below(8) });
  }

  async #handle(message: ReceivedMessage): Promise<void> {
    const { simulation } = this.#cluster;
    const fate = simulation.random.below(40);
    if (fate === 0) throw new Error('handler');
    if (fate === 1) return new Promise(() => {});
    if (fate < 10) await simulation.sleep(simulation.random.below(200));
    const topic = message.reconsumeTimes > 0 ? `%RETRY%${GROUP}` : message.topic;
    this.#settled.add(`${message.brokerName} ${topic} ${message.queueId} ${message.queueOffset}`);
    this.#handled.add(message.text());
  }

  /** A consumer sent the message to the retry topic itself, because its broker did not take it back. */
  #markCopies(uniqKey: string): void {
    for (const broker of this.#cluster.brokers) {
      for (const stored of [...broker.queues.values()].flat(2)) {
        if (stored.properties.includes(uniqKey)) this.#settled.add(`${broker.name} ${stored.topic} ${stored.queueId} ${stored.queueOffset}`);
      }
    }
  }

  #checkCommit(brokerName: string, topic: string, queueId: number, offset: number): void {
    for (let below = 0; below < offset; below++) {
      if (!this.#settled.has(`${brokerName} ${topic} ${queueId} ${below}`)) {
        this.#violations.push(`${offset} was committed for queue ${queueId} of ${topic} at ${brokerName}, but ${below} is neither handled nor handed back`);
        return;
      }
    }
  }

  async #produce(): Promise<void> {
    const { simulation } = this.#cluster;
    const producer = await this.#cluster.client().producer();
    for (let index = 0; index < MESSAGES; index++) {
      const body = `m${index}`;
      this.#tried.add(body);
      try {
        await producer.send({ topic: TOPIC, body });
        this.#sent.push(body);
      } catch {
        // Not acknowledged: it may or may not be there.
      }
      await simulation.sleep(simulation.random.below(500));
    }
  }

  /** Servers stop and start. */
  async #servers(): Promise<void> {
    const { simulation } = this.#cluster;
    while (!this.#ending.signal.aborted) {
      const server = simulation.random.pick([...this.#cluster.brokers, ...this.#cluster.nameservers]);
      await server.stop();
      await simulation.sleep(simulation.random.below(4_000));
      await server.start();
      await simulation.sleep(simulation.random.below(8_000));
    }
  }

  /** Machines lose sight of each other, one way or both. */
  async #network(): Promise<void> {
    const { simulation } = this.#cluster;
    const servers = ['broker-a', 'broker-b', 'ns-1', 'ns-2'];
    while (!this.#ending.signal.aborted) {
      const client = `client-${1 + simulation.random.below(3)}`;
      const [from, to] = simulation.random.pick([true, false]) ? [client, simulation.random.pick(servers)] : [simulation.random.pick(servers), client];
      simulation.partition(from, to, { oneWay: simulation.random.pick([true, false]) });
      await simulation.sleep(simulation.random.below(12_000));
      simulation.heal();
      await simulation.sleep(simulation.random.below(10_000));
    }
  }

  /** Members join and leave; one always stays. */
  async #comings(): Promise<void> {
    const { simulation } = this.#cluster;
    while (!this.#ending.signal.aborted) {
      await simulation.sleep(simulation.random.below(20_000));
      if (this.#members.length < 3 || simulation.random.pick([true, false])) await this.#join();
      else await this.#members.shift()?.stop({ drainMs: simulation.random.below(2_000) });
    }
  }
}
