import { Commands, isReadable, isWriteable, KVTable, RegisterBrokerBody } from '@kitemq/protocol';
import type { RemotingClient } from '@kitemq/remoting';
import type { Logger, Runtime, TaskScope, TimerHandle } from '@kitemq/runtime';
import type { BrokerSettings } from '../config/broker-settings.ts';
import type { TopicConfig } from '../topics/topic-config.ts';
import type { TopicTable } from '../topics/topic-table.ts';
import { toWire } from '../topics/topic-wire.ts';
import { advertisedAddress } from './advertised-address.ts';

/** How long start-up waits for slow nameservers. */
export const startMs = 3_000;
/** How long an answer that depends on registration waits for slow nameservers. */
export const settleMs = 500;
/**
 * A change tells the whole table as long as it has at most so many topics, else only what changed. The whole is right for every nameserver;
 * one with `deleteTopicWithBrokerRegistration` takes what a registration leaves out for deleted.
 */
export const wholeTableTopicsMax = 1_000;
/** A nameserver that failed is told again after so long, doubling up to the period of registrations. */
const retryFirstMs = 500;
/** How long shutdown waits for nameservers to take the sign-off. */
const unregisterTimeoutMs = 1_000;

export interface RegistrationOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  readonly scope: TaskScope;
  readonly client: RemotingClient;
  readonly config: BrokerSettings;
  readonly topics: TopicTable;
  /** The port really listened on. */
  readonly port: () => number;
}

/** What one nameserver knows. */
interface Nameserver {
  readonly address: string;
  /** The address it was told last; undefined before. */
  told: string | undefined;
  /** Topics changed since it was told; undefined: tell all. */
  changed: Set<string> | undefined;
  /** A registration is under way, and whether another has to follow. */
  running: Promise<void> | undefined;
  again: boolean;
  failing: boolean;
  /** How long the next retry waits, and how to cancel the one that waits. */
  retryMs: number;
  retry: (() => void) | undefined;
}

/** Keeps the nameservers informed: all topics at start and periodically, what changed at once. A nameserver that is down disturbs nothing. */
export class Registration {
  readonly #options: RegistrationOptions;
  readonly #nameservers: readonly Nameserver[];
  #soon: TimerHandle | undefined;
  #closed = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#nameservers = nameserverAddresses(options.config.namesrvAddr).map((address) => ({
      address,
      told: undefined,
      changed: undefined,
      running: undefined,
      again: false,
      failing: false,
      retryMs: retryFirstMs,
      retry: undefined,
    }));
    options.topics.onChange((topic) => this.#topicChanged(topic));
  }

  get nameservers(): string[] {
    return this.#nameservers.map((nameserver) => nameserver.address);
  }

  /** Registers with all; resolves when each has answered or failed, after {@link startMs} at the latest. Then goes on by itself. */
  async start(): Promise<void> {
    const { scope, config } = this.#options;
    if (this.#nameservers.length === 0) return;
    await this.#within(startMs, this.registerAll());
    scope.every('register with the nameservers', config.registerNameServerPeriod, () => {
      this.registerAll().catch(() => {});
    });
  }

  /** Tells all nameservers everything; resolves when each has answered or failed. */
  async registerAll(): Promise<void> {
    for (const nameserver of this.#nameservers) nameserver.changed = undefined;
    await this.#registerChanged();
  }

  /** As {@link registerAll}, waiting {@link settleMs} at the latest. */
  async refresh(): Promise<void> {
    await this.#within(settleMs, this.registerAll());
  }

  /** Resolves when what has changed so far was told, after {@link settleMs} at the latest. */
  async settled(): Promise<void> {
    if (this.#nameservers.length === 0) return;
    await this.#within(settleMs, this.#registerChanged());
  }

  /** Resolves with `work`, which goes on by itself when it takes longer than `ms`. */
  async #within(ms: number, work: Promise<void>): Promise<void> {
    const { timers } = this.#options.runtime;
    let timer: TimerHandle | undefined;
    const limit = new Promise<void>((resolve) => (timer = timers.setTimeout(resolve, ms)));
    await Promise.race([work, limit]);
    timers.clear(timer);
  }

  /** The connection to a nameserver is gone: it may have restarted, and then knows nothing. */
  disconnected(address: string): void {
    const nameserver = this.#nameservers.find((known) => known.address === address);
    if (nameserver === undefined || nameserver.told === undefined || this.#closed) return;
    nameserver.changed = undefined;
    this.#retryLater(nameserver);
  }

  /** Signs off everywhere; a nameserver that does not answer soon finds out by the closed connection. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#options.runtime.timers.clear(this.#soon);
    const { client, config } = this.#options;
    await Promise.allSettled(
      this.#nameservers.map(async ({ address, told }) => {
        if (told === undefined) return;
        const header = { brokerName: config.brokerName, brokerAddr: told, clusterName: config.brokerClusterName, brokerId: config.brokerId };
        await client.invoke(address, Commands.unregisterBroker, header, undefined, { timeoutMs: unregisterTimeoutMs });
      }),
    );
  }

  #topicChanged(topic: string): void {
    const removed = this.#options.topics.get(topic) === undefined;
    for (const nameserver of this.#nameservers) {
      // What is gone can only be seen from the full table.
      if (removed) nameserver.changed = undefined;
      else nameserver.changed?.add(topic);
    }
    if (this.#nameservers.length === 0 || this.#closed) return;
    // All changes of one tick go together.
    this.#soon ??= this.#options.runtime.timers.setImmediate(() => {
      this.#soon = undefined;
      this.#registerChanged().catch(() => {});
    });
  }

  async #registerChanged(): Promise<void> {
    if (this.#closed) return;
    this.#options.runtime.timers.clear(this.#soon);
    this.#soon = undefined;
    await Promise.all(this.#nameservers.map((nameserver) => this.#tell(nameserver)));
  }

  /** One registration at a time for each nameserver; what comes meanwhile follows in one more. */
  #tell(nameserver: Nameserver): Promise<void> {
    if (nameserver.running !== undefined) {
      nameserver.again = true;
      return nameserver.running;
    }
    nameserver.running = this.#tellUntilDone(nameserver).finally(() => (nameserver.running = undefined));
    return nameserver.running;
  }

  async #tellUntilDone(nameserver: Nameserver): Promise<void> {
    const { logger } = this.#options;
    do {
      nameserver.again = false;
      const { changed } = nameserver;
      if (changed !== undefined && changed.size === 0) return;
      try {
        await this.#register(nameserver, changed);
        if (nameserver.failing) logger.info({ nameserver: nameserver.address }, 'registered with the nameserver again');
        nameserver.failing = false;
        nameserver.retryMs = retryFirstMs;
      } catch (error) {
        // It may have forgotten everything: the next time it is told all.
        nameserver.changed = undefined;
        if (!nameserver.failing) logger.warn({ nameserver: nameserver.address, error }, 'the nameserver cannot be told about this broker; trying again');
        nameserver.failing = true;
        this.#retryLater(nameserver);
        return;
      }
    } while (nameserver.again && !this.#closed);
  }

  #retryLater(nameserver: Nameserver): void {
    if (nameserver.retry !== undefined || this.#closed) return;
    nameserver.retry = this.#options.scope.after('register again', nameserver.retryMs, () => {
      nameserver.retry = undefined;
      this.#tell(nameserver).catch(() => {});
    });
    nameserver.retryMs = Math.min(nameserver.retryMs * 2, this.#options.config.registerNameServerPeriod);
  }

  async #register(nameserver: Nameserver, changed: ReadonlySet<string> | undefined): Promise<void> {
    const { client, config, topics, runtime } = this.#options;
    const timeoutMs = config.registerBrokerTimeoutMills;
    const channel = await client.connect(nameserver.address, { timeoutMs });
    const localIp = channel.localAddress.slice(0, channel.localAddress.lastIndexOf(':'));
    const brokerAddr = advertisedAddress({ config, port: this.#options.port(), localIp, machineAddresses: runtime.network.localAddresses() });
    nameserver.changed = new Set();
    const whole = changed === undefined || topics.size <= wholeTableTopicsMax;
    const table = new Map<string, ReturnType<typeof toWire>>();
    for (const entry of topics.entries()) {
      const { topicName } = entry.config;
      if (whole || changed.has(topicName)) table.set(topicName, toWire(this.#permitted(entry.config)));
    }
    if (table.size === 0) return;
    const body = RegisterBrokerBody.create();
    body.topicConfigSerializeWrapper.topicConfigTable = table;
    body.topicConfigSerializeWrapper.dataVersion = { ...topics.version };
    const reply = await client.invoke(
      nameserver.address,
      Commands.registerBroker,
      { brokerName: config.brokerName, brokerAddr, clusterName: config.brokerClusterName, haServerAddr: '', brokerId: config.brokerId, enableActingMaster: false, compressed: false, bodyCrc32: 0 },
      body,
      { timeoutMs },
    );
    if (!reply.ok) throw new Error(`REGISTER_BROKER was answered with code ${reply.code}: ${reply.remark ?? ''}`);
    nameserver.told = brokerAddr;
    if (reply.bytes !== undefined && reply.bytes.length > 0) this.#takeOrderTopics(KVTable.decode(reply.bytes).table);
  }

  /** A topic allows clients no more than the broker does. */
  #permitted(config: TopicConfig): TopicConfig {
    const { brokerPermission } = this.#options.config;
    return isReadable(brokerPermission) && isWriteable(brokerPermission) ? config : { ...config, perm: config.perm & brokerPermission };
  }

  /** The nameserver decides which topics are ordered (ORDER_TOPIC_CONFIG). An empty table says nothing. */
  #takeOrderTopics(ordered: ReadonlyMap<string, string>): void {
    if (ordered.size === 0) return;
    for (const { config } of this.#options.topics.entries()) {
      const order = ordered.has(config.topicName);
      if (config.order !== order) this.#options.topics.putInBackground({ ...config, order });
    }
  }
}

/** Addresses in `host:port;host:port`, each once. */
export function nameserverAddresses(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(/[;,\s]+/).filter((part) => part !== ''))];
}
