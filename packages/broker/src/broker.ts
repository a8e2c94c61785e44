import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import { encodeHost, hostText, ResponseCode } from '@kitemq/protocol';
import { RemotingClient, RemotingServer } from '@kitemq/remoting';
import type { Processor, ServerTlsOptions } from '@kitemq/remoting';
import { KiteError, TaskScope } from '@kitemq/runtime';
import type { Logger, OpenKeyValueStore, Runtime } from '@kitemq/runtime';
import { openStore } from '@kitemq/store';
import type { MessageStore, RecoveryReport } from '@kitemq/store';
import { loadConfigChanges } from './admin/config-processors.ts';
import { adoptApacheStore } from './apache-files/adopt-store.ts';
import type { BrokerContext } from './broker-context.ts';
import { parseBrokerSettings } from './config/broker-settings.ts';
import type { BrokerSettings } from './config/broker-settings.ts';
import { ChangeNotifier } from './groups/change-notifier.ts';
import { ClientRegistry } from './groups/client-registry.ts';
import { QueueLocks } from './locks/queue-locks.ts';
import { OffsetResets } from './offsets/offset-resets.ts';
import { processorTable } from './processor-table.ts';
import { DiskGuard, diskCheckMs } from './produce/disk-guard.ts';
import { SendProcessor } from './produce/send-processor.ts';
import { PullOffsets } from './pull/pull-offsets.ts';
import { PullProcessor } from './pull/pull-processor.ts';
import { advertisedAddress, autoHost } from './registration/advertised-address.ts';
import { Registration } from './registration/registration.ts';
import { RetentionService } from './retention/retention-service.ts';
import { levelsOf } from './schedule/delay-levels.ts';
import { ScheduleService } from './schedule/schedule-service.ts';
import type { ShardPlace } from './shards/shard-place.ts';
import { BrokerStats, samplePeriodMs } from './stats/broker-stats.ts';
import { rateCounters } from './stats/rate-counters.ts';
import { GroupTable } from './subscription-groups/group-table.ts';
import type { TopicConfig } from './topics/topic-config.ts';
import { storedTopicPolicy } from './topics/topic-policy.ts';
import { TopicTable } from './topics/topic-table.ts';

/** Clients and locks are looked at this often (ClientHousekeepingService). */
const housekeepingMs = 10_000;
/** The fast port is so far below the main one (vipChannelEnabled). */
const fastPortDistance = 2;

export interface BrokerOptions {
  readonly runtime: Runtime;
  /** Apache's property names, typed; what is left out has its default. @see brokerSettings */
  readonly settings?: Partial<BrokerSettings>;
  /** Keeps the store's checkpoints. Default: LMDB in the data directory. */
  readonly openKeyValue?: OpenKeyValueStore;
  /** Default: plain and TLS on the same port, with a certificate made when it is needed. */
  readonly tls?: ServerTlsOptions;
  /** RAM of this machine in bytes, for the rules that measure against it. Default: what the system says. */
  readonly memoryBytes?: number;
  readonly logger?: Logger;
  /** Which of several brokers of one process this is. `settings` are those of this very shard: see `shardSettings`. Default: the only one. */
  readonly shard?: ShardPlace;
  /** Called with each topic that a send had made, for the other shards' {@link Broker.adoptTopic}. */
  readonly onTopicAutoCreated?: (config: TopicConfig) => void;
}

/** What makes up a broker that runs. */
interface Running {
  readonly context: BrokerContext;
  readonly pull: PullProcessor;
  readonly schedule: ScheduleService;
  readonly registration: Registration;
}

const starting: Processor = (request) => request.fail(ResponseCode.systemBusy, 'the broker is starting; try again');

/** A message broker: one store, one event loop. Start it once; `shutdown` leaves everything acknowledged on the disk. */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #settings: BrokerSettings;
  readonly #logger: Logger;
  readonly #scope: TaskScope;
  readonly #server: RemotingServer;
  readonly #client: RemotingClient;
  #processors: ReadonlyMap<number, Processor> | undefined;
  #fastServer: RemotingServer | undefined;
  #store: MessageStore | undefined;
  #running: Running | undefined;
  #recovery: RecoveryReport | undefined;
  /** Start-up itself, and start-up with its clean-up when it fails. */
  #opening: Promise<void> | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws KiteError `KITE_CONFIG_INVALID` */
  constructor(options: BrokerOptions) {
    const { runtime } = options;
    this.#options = options;
    this.#settings = parseBrokerSettings({ ...options.settings });
    if (this.#settings.brokerId !== 0) throw new KiteError('KITE_CONFIG_INVALID', `brokerId is ${this.#settings.brokerId}: replicas are not built yet, only 0 (a master) can run.`);
    this.#logger = (options.logger ?? runtime.logger).child({ broker: this.#settings.brokerName });
    this.#scope = new TaskScope({ timers: runtime.timers, onError: (error, task) => this.#logger.error({ error, task }, 'background work failed') });
    this.#server = this.#serverOn(this.#settings.listenPort);
    this.#client = new RemotingClient({ runtime, onDisconnect: (address) => this.#running?.registration.disconnected(address) });
  }

  /** `host:port` that is listened on, after `start`. */
  get address(): string {
    return this.#server.address;
  }

  get port(): number {
    return this.#server.port;
  }

  /** `host:port` of the fast port; undefined when it is not open. */
  get fastAddress(): string | undefined {
    return this.#fastServer?.address;
  }

  /** What start-up found in the store, after `start`. */
  get recovery(): RecoveryReport | undefined {
    return this.#recovery;
  }

  /** Makes a topic that a send to another shard had made, unless there is one of that name. Without effect while this broker does not run. */
  adoptTopic(config: TopicConfig): void {
    if (this.#stopping === undefined) this.#running?.context.topics.adopt(config);
  }

  /**
   * Listens, opens the store, and registers with the nameservers; resolves when requests are served and each nameserver has answered or failed.
   * Until then every request is answered with SYSTEM_BUSY. A `shutdown` meanwhile ends it with `KITE_STORE_UNAVAILABLE`, also in the middle of a long replay.
   * @throws KiteError `KITE_LISTEN_FAILED` | `KITE_STORE_*` | `KITE_DISK_LOCKED` | `KITE_TLS_CREDENTIALS`
   */
  start(): Promise<void> {
    if (this.#starting === undefined) {
      this.#opening = this.#start();
      this.#starting = this.#opening.catch(async (error: unknown) => {
        await this.shutdown();
        throw error;
      });
    }
    return this.#starting;
  }

  /** Signs off, answers what is under way, flushes, closes. Idempotent. */
  shutdown(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #start(): Promise<void> {
    await this.#server.start();
    const settings = this.#settings;
    const { runtime, openKeyValue } = this.#options;
    const storeHost = this.#storeHost();
    const path = resolve(settings.storePathRootDir);
    await adoptApacheStore({ runtime, path, storeHost, logger: this.#logger, ...(openKeyValue === undefined ? {} : { openKeyValue }) });
    this.#store = openStore({
      runtime,
      path,
      storeHost,
      flushMode: settings.flushDiskType === 'SYNC_FLUSH' ? 'sync' : 'async',
      segmentBytes: settings.mappedFileSizeCommitLog,
      maxMessageBytes: settings.maxMessageSize,
      syncFlushTimeoutMs: settings.syncFlushTimeout,
      offsetFlushIntervalMs: settings.flushConsumerOffsetInterval,
      keyIndex: settings.messageIndexEnable,
      compactionIntervalMs: settings.compactionScheduleInternal,
      topicPolicy: (topic) => storedTopicPolicy(this.#store?.settings, topic),
      logger: this.#logger,
      ...(openKeyValue === undefined ? {} : { openKeyValue }),
    });
    this.#recovery = await this.#store.start();
    if (this.#stopping !== undefined) throw new KiteError('KITE_STORE_UNAVAILABLE', 'The broker was stopped while it started');
    this.#running = this.#assemble(this.#store, encodeHost(storeHost.address, storeHost.port));
    await this.#openFastPort();
    this.#running.schedule.start();
    await this.#running.registration.start();
  }

  #assemble(store: MessageStore, storeHost: Uint8Array): Running {
    const { runtime } = this.#options;
    const config = this.#settings;
    const tables = { settings: store.settings, config, clock: runtime.clock, logger: this.#logger };
    const context: BrokerContext = {
      runtime,
      logger: this.#logger,
      scope: this.#scope,
      config,
      store,
      topics: new TopicTable({ ...tables, onAutoCreated: this.#options.onTopicAutoCreated }),
      groups: new GroupTable(tables),
      clients: new ClientRegistry(runtime.clock),
      locks: new QueueLocks(runtime.clock),
      stats: new BrokerStats(runtime.clock),
      diskGuard: new DiskGuard(runtime.disk, resolve(config.storePathRootDir), config, this.#logger),
      address: () => this.#ownAddress(storeHost),
      storeHost,
      delayLevels: levelsOf(config.messageDelayLevel),
      memoryBytes: this.#options.memoryBytes ?? totalmem(),
      shard: this.#options.shard,
    };
    loadConfigChanges(context);
    context.topics.load();
    context.groups.load();
    const resets = new OffsetResets();
    const pullOffsets = new PullOffsets();
    context.topics.onChange((topic) => {
      if (context.topics.get(topic) !== undefined) return;
      resets.removeTopic(topic);
      context.groups.forgetTraffic(topic);
    });
    const registration = new Registration({ runtime, logger: this.#logger, scope: this.#scope, client: this.#client, config, topics: context.topics, port: () => this.port });
    const schedule = new ScheduleService(context);
    const retention = new RetentionService(context);
    const pull = new PullProcessor(context, resets, pullOffsets);
    const notifier = new ChangeNotifier(config, context.groups, this.#scope, runtime.timers);
    context.clients.onGroupChange = (group) => notifier.changed(group);
    this.#processors = processorTable({ context, send: new SendProcessor(context), pull, resets, pullOffsets, registration, schedule, retention });
    this.#scope.every('look after clients', housekeepingMs, () => {
      context.clients.expire(config.channelExpiredTimeout);
      context.locks.expire();
    });
    context.diskGuard.check();
    this.#scope.every('look at the disk', diskCheckMs, () => context.diskGuard.check());
    this.#scope.every('sample the counters', samplePeriodMs, () => context.stats.sample(rateCounters(context)));
    retention.start();
    return { context, pull, schedule, registration };
  }

  async #stop(): Promise<void> {
    // A store that replays its log ends that; half open nothing can be closed, so start-up ends first, well or not.
    if (this.#running === undefined) void this.#store?.shutdown().catch(() => {});
    await this.#opening?.catch(() => {});
    const running = this.#running;
    // Held pulls are answered and no delayed message is under way before the store closes.
    await running?.registration.close();
    running?.pull.close();
    await running?.schedule.stop().catch((error: unknown) => this.#logger.error({ error }, 'the progress of delayed delivery was not saved'));
    await this.#fastServer?.shutdown();
    await this.#server.shutdown();
    await this.#scope.close();
    await this.#client.shutdown();
    await this.#store?.shutdown();
  }

  #serverOn(port: number): RemotingServer {
    const { runtime, tls } = this.#options;
    return new RemotingServer({
      runtime,
      host: this.#settings.bindAddress,
      port,
      // Until the store is open every request is told to come again.
      processors: (code) => (this.#processors === undefined ? starting : this.#processors.get(code)),
      ...(tls === undefined ? {} : { tls }),
    });
  }

  /** A taken fast port is no reason not to start: few clients use it. */
  async #openFastPort(): Promise<void> {
    const { listenPort, fastPortEnable } = this.#settings;
    if (!fastPortEnable || listenPort <= fastPortDistance) return;
    const server = this.#serverOn(listenPort - fastPortDistance);
    try {
      await server.start();
      this.#fastServer = server;
    } catch (error) {
      if (!KiteError.is(error, 'KITE_LISTEN_FAILED')) throw error;
      this.#logger.info({ port: listenPort - fastPortDistance, error }, 'the fast port is taken; clients with vipChannelEnabled cannot connect');
    }
  }

  /** What tools are told; `auto` means something to a nameserver only. */
  #ownAddress(storeHost: Uint8Array): string {
    const { runtime } = this.#options;
    if (this.#settings.brokerIP1 === autoHost) return hostText(storeHost);
    return advertisedAddress({ config: this.#settings, port: this.port, localIp: undefined, machineAddresses: runtime.network.localAddresses() });
  }

  /** The address in message ids must be an IP; a host name or `auto` is not one. */
  #storeHost(): { address: string; port: number } {
    const { brokerIP1, bindAddress, advertisedPort } = this.#settings;
    const candidates = [brokerIP1, bindAddress, ...this.#options.runtime.network.localAddresses(), '127.0.0.1'];
    const address = candidates.find((candidate) => candidate !== undefined && candidate !== '0.0.0.0' && candidate !== '::' && isIp(candidate))!;
    return { address, port: advertisedPort === 0 ? this.port : advertisedPort };
  }
}

function isIp(text: string): boolean {
  try {
    encodeHost(text, 0);
    return true;
  } catch {
    return false;
  }
}
