import { Broker, type BrokerSettings, parseBrokerSettings } from '@kitemq/broker';
import { Nameserver, type NameserverSettings } from '@kitemq/nameserver';
import { type Logger, memoryKeyValueStores, nodeRuntime, type OpenKeyValueStore, type Runtime, silentLogger } from '@kitemq/runtime';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LoopbackNetwork } from './loopback-network.ts';
import { MemoryDisk } from './memory-disk.ts';

export interface ClusterOptions {
  /** How many brokers, named `broker-a`, `broker-b`, …; 1 to 26. Default 1. */
  readonly brokers?: number | undefined;
  /**
   * True (default): they listen on free ports of 127.0.0.1, for clients of every kind.
   * False: no port is taken; clients must be given the cluster's `runtime`.
   */
  readonly sockets?: boolean | undefined;
  /** `memory` (default), or `disk`: a temporary directory, removed by `stop`. */
  readonly storage?: 'memory' | 'disk' | undefined;
  readonly brokerSettings?: Partial<BrokerSettings> | undefined;
  readonly nameserverSettings?: Partial<NameserverSettings> | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

export interface ClusterBroker {
  readonly name: string;
  /** `host:port` */
  readonly address: string;
}

/** A nameserver and brokers inside this process. */
export interface Cluster extends AsyncDisposable {
  /** `host:port` of the nameserver. */
  readonly nameserver: string;
  /** What clients of this cluster run on: needed without sockets, harmless with. */
  readonly runtime: Runtime;
  /** Everything a `Client` needs: `new Client(cluster.clientOptions)`. */
  readonly clientOptions: { readonly nameservers: string; readonly runtime: Runtime };
  readonly brokers: readonly ClusterBroker[];
  /** Stops a broker cleanly and starts it again on the same data and address. */
  restartBroker(index?: number): Promise<void>;
  /** Stops everything and removes what was on disk. Harmless the second time. */
  stop(): Promise<void>;
}

/** Big enough for tests, small enough for a temporary directory. */
const segmentBytes = 64 * 1024 * 1024;

interface Running {
  broker: Broker;
  readonly settings: BrokerSettings;
}

class LocalCluster implements Cluster {
  readonly runtime: Runtime;
  readonly #options: ClusterOptions;
  readonly #openKeyValue: OpenKeyValueStore | undefined;
  readonly #directory: string;
  readonly #running: Running[] = [];
  #nameserver: Nameserver | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const node = nodeRuntime({ logger: options.logger ?? silentLogger });
    const memory = options.storage !== 'disk';
    this.runtime = {
      ...node,
      disk: memory ? new MemoryDisk(node.clock) : node.disk,
      network: options.sockets === false ? new LoopbackNetwork(node.timers) : node.network,
    };
    this.#openKeyValue = memory ? memoryKeyValueStores() : undefined;
    const unique = Buffer.from(node.random.bytes(8)).toString('hex');
    this.#directory = memory ? '/kitemq' : join(tmpdir(), `kitemq-testkit-${unique}`);
  }

  get nameserver(): string {
    return this.#nameserver?.address ?? '';
  }

  get clientOptions(): { readonly nameservers: string; readonly runtime: Runtime } {
    return { nameservers: this.nameserver, runtime: this.runtime };
  }

  get brokers(): readonly ClusterBroker[] {
    return this.#running.map(({ broker, settings }) => ({ name: settings.brokerName, address: broker.address }));
  }

  async start(): Promise<void> {
    try {
      const settings = { listenPort: 0, ...this.#options.nameserverSettings };
      this.#nameserver = new Nameserver({ runtime: this.runtime, settings });
      await this.#nameserver.start();
      for (let index = 0; index < (this.#options.brokers ?? 1); index++) this.#running.push(await this.#startBroker(index));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #startBroker(index: number): Promise<Running> {
    const brokerName = `broker-${String.fromCodePoint(97 + index)}`;
    const settings = parseBrokerSettings({
      brokerName,
      listenPort: 0,
      fastPortEnable: false,
      brokerIP1: '127.0.0.1',
      mappedFileSizeCommitLog: segmentBytes,
      ...this.#options.brokerSettings,
      namesrvAddr: this.nameserver,
      storePathRootDir: join(this.#directory, brokerName),
    });
    return this.#launch(settings);
  }

  async #launch(settings: BrokerSettings): Promise<Running> {
    const broker = new Broker({ runtime: this.runtime, settings, ...(this.#openKeyValue === undefined ? {} : { openKeyValue: this.#openKeyValue }) });
    await broker.start();
    const port = Number(broker.address.slice(broker.address.lastIndexOf(':') + 1));
    return { broker, settings: { ...settings, listenPort: port } };
  }

  async restartBroker(index = 0): Promise<void> {
    const running = this.#running[index];
    if (running === undefined) throw new RangeError(`there is no broker ${index}, only ${this.#running.length}`);
    await running.broker.shutdown();
    this.#running[index] = await this.#launch(running.settings);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#running.map(({ broker }) => broker.shutdown()));
    await this.#nameserver?.shutdown();
    if (this.#options.storage === 'disk') this.runtime.disk.removeSync(this.#directory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/**
 * Starts a nameserver and brokers in this process and waits until clients can use them.
 * @throws RangeError for a number of brokers outside 1 to 26; KiteError `KITE_CONFIG_INVALID` for settings out of range
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const count = options.brokers ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > 26) throw new RangeError(`brokers is ${count}: it must be a whole number from 1 to 26`);
  const cluster = new LocalCluster(options);
  await cluster.start();
  return cluster;
}
