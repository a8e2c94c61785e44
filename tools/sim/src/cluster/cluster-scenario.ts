import { Broker, parseBrokerSettings } from '@kitemq/broker';
import { Client } from '@kitemq/client';
import { Nameserver } from '@kitemq/nameserver';
import type { CrashKind, SimulatedProcess } from '@kitemq/simulator';
import { Simulation } from '@kitemq/simulator';
import { check } from '../check.ts';
import { rerunCommand } from '../rerun.ts';
import { writeLater } from '../sabotaged-disk.ts';
import type { LifeCounts, Sabotage } from '../scenario.ts';
import { patiently, runConsumer, runProducer, verifyQueues, watchOffsets } from './cluster-clients.ts';
import { cutCables } from './cut-cables.ts';
import { ClusterLedger } from './cluster-ledger.ts';
import type { ClusterPlan } from './cluster-plan.ts';
import { drawClusterPlan } from './cluster-plan.ts';

const nameserverPort = 9876;
const brokerPort = 10_911;
const topic = 'orders';
/** Virtual time after the last crash in which everything has to have arrived. */
const settleMs = 180_000;

/** A nameserver, a broker that crashes, and clients that do not. */
class ClusterStory {
  readonly simulation: Simulation;
  readonly ledger: ClusterLedger = new ClusterLedger();
  readonly counts = { lives: 0, kills: 0, powerCuts: 0, cleanStops: 0 };
  readonly #plan: ClusterPlan;
  readonly #sabotage: Sabotage;
  readonly #nameserver: SimulatedProcess;
  readonly #broker: SimulatedProcess;

  constructor(seed: number, sabotage: Sabotage) {
    this.simulation = new Simulation({ seed, rerun: rerunCommand('cluster', seed, sabotage) });
    this.#plan = drawClusterPlan(this.simulation.random.fork('plan'));
    this.#sabotage = sabotage;
    this.#nameserver = this.simulation.process('nameserver');
    this.#broker = this.simulation.process('broker');
    if (sabotage === 'ack-before-sync') this.#broker.disk.faults.ignoreDatasync = true;
    Object.assign(this.simulation.network.faults, { lossProbability: this.#plan.lossProbability, resetProbability: this.#plan.resetProbability });
  }

  async tell(): Promise<void> {
    const { simulation, ledger } = this;
    const plan = this.#plan;
    const nameserver = new Nameserver({ runtime: this.#nameserver.runtime, settings: { bindAddress: '0.0.0.0', listenPort: nameserverPort } });
    await nameserver.start();
    await this.#startBroker();
    await this.#createTopic();
    const { random } = simulation;
    const clients = { simulation, ledger, plan, newClient: (name: string) => this.#client(name) };
    const producing = Array.from({ length: plan.producers }, (_, index) => runProducer(clients, index));
    for (let index = 0; index < plan.consumers; index++) runConsumer(clients, index);
    const watch = watchOffsets(clients);
    const cuts = plan.cutCables ? cutCables(clients) : undefined;
    for (let crash = 0; crash < plan.crashes; crash++) await this.#liveAndCrash(random.pick(plan.crashKinds));
    await Promise.all(producing);
    await cuts?.stop();
    const end = simulation.now + settleMs;
    while (!ledger.allDelivered) {
      check(simulation.now < end, () => `not delivered in ${settleMs} ms after the last crash: ${ledger.missing.join(', ')}`);
      await simulation.sleep(100);
    }
    await watch.stop();
    await verifyQueues(clients);
  }

  /** The broker works for a while, dies at some change of its disk (or in between), and comes back. */
  async #liveAndCrash(kind: CrashKind): Promise<void> {
    const { random } = this.simulation;
    const broker = this.#broker;
    broker.crashKind = kind;
    broker.disk.crashAfterOperations(1 + random.below(80));
    await Promise.race([broker.died(), this.simulation.sleep(random.between(1, 3000))]);
    if (broker.alive) broker.crash();
    this.#crashed(kind);
    await this.simulation.sleep(random.between(1, 2000));
    await this.#restart(kind);
  }

  /** Now and then it dies while it starts, too. */
  async #restart(kind: CrashKind): Promise<void> {
    const { random } = this.simulation;
    const broker = this.#broker;
    while (!broker.alive) {
      broker.restart();
      if (random.chance(0.2)) broker.disk.crashAfterOperations(1 + random.below(12));
      await Promise.race([this.#startBroker(), broker.died()]);
      broker.disk.crashAfterOperations(undefined);
      if (!broker.alive) this.#crashed(kind);
    }
  }

  #crashed(kind: CrashKind): void {
    if (kind === 'kill') this.counts.kills++;
    else this.counts.powerCuts++;
    this.ledger.powerCuts = this.counts.powerCuts;
    // The timer, the record, and a slow sync.
    this.ledger.crashed(this.simulation.now, this.#plan.flushConsumerOffsetInterval + 1000);
  }

  /** Resolves when the broker serves. One that dies meanwhile leaves it pending. */
  #startBroker(): Promise<void> {
    const process = this.#broker;
    const { runtime } = process;
    this.counts.lives++;
    const broker = new Broker({
      runtime: this.#sabotage === 'ack-before-write' ? { ...runtime, disk: writeLater(runtime.disk, runtime.timers) } : runtime,
      openKeyValue: process.openKeyValueStore,
      memoryBytes: 2 ** 32,
      settings: parseBrokerSettings({
        brokerName: 'broker-a',
        bindAddress: '0.0.0.0',
        listenPort: brokerPort,
        brokerIP1: process.address,
        fastPortEnable: false,
        namesrvAddr: `${this.#nameserver.address}:${nameserverPort}`,
        storePathRootDir: '/data/broker-a',
        mappedFileSizeCommitLog: 65_536,
        flushDiskType: this.#plan.flushDiskType,
        flushConsumerOffsetInterval: this.#plan.flushConsumerOffsetInterval,
      }),
    });
    return new Promise((resolve) => process.spawn(() => broker.start().then(resolve)));
  }

  async #createTopic(): Promise<void> {
    const client = this.#client('admin');
    const { queues } = this.#plan;
    await patiently(this.simulation, () => client.admin().createTopic({ topic, readQueues: queues, writeQueues: queues }));
    await client.close();
  }

  #client(name: string): Client {
    const { runtime } = this.simulation.process(name);
    return new Client({ nameservers: `${this.#nameserver.address}:${nameserverPort}`, runtime });
  }
}

/** Producers and consumers over the network, crashes and power cuts of the broker at any step, restarts. @throws SimulationFailure */
export const clusterScenario = async (seed: number, sabotage: Sabotage): Promise<LifeCounts> => {
  const story = new ClusterStory(seed, sabotage);
  await story.simulation.run(() => story.tell());
  return { ...story.counts, acknowledged: story.ledger.acknowledged, events: story.simulation.eventCount };
};
