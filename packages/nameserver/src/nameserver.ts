import type { Processor, ServerTlsOptions } from '@kitemq/remoting';
import { RemotingClient, RemotingServer } from '@kitemq/remoting';
import type { Runtime } from '@kitemq/runtime';
import { RuntimeConfig } from './config/runtime-config.ts';
import { KvConfig } from './kv-config/kv-config.ts';
import { BrokerLiveness } from './liveness/broker-liveness.ts';
import { LiveTable } from './liveness/live-table.ts';
import { MinBrokerIdNotifier } from './liveness/min-broker-id-notifier.ts';
import type { NameserverState } from './nameserver-state.ts';
import { configProcessors } from './processors/config-processors.ts';
import { kvProcessors } from './processors/kv-processors.ts';
import { registrationProcessors } from './processors/registration-processors.ts';
import { routeProcessors } from './processors/route-processors.ts';
import { topicProcessors } from './processors/topic-processors.ts';
import { RouteAnswers } from './route-table/route-answers.ts';
import { RouteTable } from './route-table/route-table.ts';
import type { NameserverSettings } from './settings.ts';
import { nameserverSettingDefaults } from './settings.ts';

export interface NameserverOptions {
  readonly runtime: Runtime;
  /** What differs from the defaults. */
  readonly settings?: Partial<NameserverSettings>;
  readonly tls?: ServerTlsOptions;
}

const secondMs = 1_000;

/** A name server: brokers register with it, clients ask it where topics are. It knows nothing of other name servers. */
export class Nameserver {
  private readonly runtime: Runtime;
  private readonly config: RuntimeConfig;
  private readonly kvConfig: KvConfig;
  private readonly liveness: BrokerLiveness;
  private readonly client: RemotingClient;
  private readonly server: RemotingServer;
  private startedAt = 0;
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  constructor({ runtime, settings: given = {}, tls = {} }: NameserverOptions) {
    const settings: NameserverSettings = { ...nameserverSettingDefaults, ...given };
    const { disk, timers, logger } = runtime;
    this.runtime = runtime;
    this.config = new RuntimeConfig({ disk, logger, settings });
    this.kvConfig = new KvConfig({ disk, timers, logger, path: settings.kvConfigPath });
    this.client = new RemotingClient({ runtime });
    const routes = new RouteTable();
    const live = new LiveTable();
    const notifier = new MinBrokerIdNotifier(routes, this.client, logger);
    this.liveness = new BrokerLiveness({
      runtime,
      routes,
      live,
      scanIntervalMs: settings.scanNotActiveBrokerInterval,
      queueCapacity: settings.unRegisterBrokerQueueCapacity,
      onLostMinimum: (lost) => {
        if (this.config.settings.notifyMinBrokerIdChanged) for (const each of lost) notifier.notify(each);
      },
    });
    const { config, kvConfig, liveness } = this;
    const state: NameserverState = {
      runtime,
      config,
      kvConfig,
      liveness,
      routes,
      live,
      notifier,
      routeAnswers: new RouteAnswers(routes),
      get settings(): NameserverSettings {
        return config.settings;
      },
      ready: () => this.ready(),
    };
    this.server = new RemotingServer({
      runtime,
      host: settings.bindAddress,
      port: settings.listenPort,
      tls,
      limits: { idleMs: settings.serverChannelMaxIdleTimeSeconds * secondMs },
      processors: processorsOf(state),
    });
  }

  /** `host:port` that is listened on, after `start`. */
  get address(): string {
    return this.server.address;
  }

  /** Reads the KV configs and listens. @throws KiteError `KITE_KV_CONFIG_UNREADABLE` | `KITE_LISTEN_FAILED` */
  start(): Promise<void> {
    this.starting ??= this.open();
    return this.starting;
  }

  /** Stops; with `enableShutdownGracefully` after telling clients to go elsewhere. Idempotent. */
  shutdown(): Promise<void> {
    this.stopping ??= this.close();
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  private async open(): Promise<void> {
    this.kvConfig.load();
    this.startedAt = this.runtime.clock.monotonic();
    await this.server.start();
    this.liveness.start();
    this.runtime.logger.info({ address: this.address }, 'the name server listens');
  }

  private async close(): Promise<void> {
    await this.starting?.catch(() => {});
    const { enableShutdownGracefully, shutdownWaitTimeSeconds } = this.config.settings;
    await this.server.shutdown({ goAwayMs: enableShutdownGracefully ? shutdownWaitTimeSeconds * secondMs : 0 });
    this.liveness.stop();
    await this.client.shutdown();
  }

  private ready(): boolean {
    const { needWaitForService, waitSecondsForService } = this.config.settings;
    return !needWaitForService || this.runtime.clock.monotonic() - this.startedAt >= waitSecondsForService * secondMs;
  }
}

const processorsOf = (state: NameserverState): Map<number, Processor> =>
  new Map([...registrationProcessors(state), ...routeProcessors(state), ...topicProcessors(state), ...kvProcessors(state), ...configProcessors(state)]);
