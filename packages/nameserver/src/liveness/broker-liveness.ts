import type { Channel } from '@kitemq/remoting';
import type { Runtime, TimerHandle } from '@kitemq/runtime';
import { RingQueue } from '@kitemq/runtime';
import type { BrokerIdentity, RouteTable } from '../route-table/route-table.ts';
import type { LostMinimum } from '../route-table/unregister-brokers.ts';
import { unregisterBrokers } from '../route-table/unregister-brokers.ts';
import type { LiveBroker, LiveTable } from './live-table.ts';

export interface BrokerLivenessOptions {
  readonly runtime: Runtime;
  readonly routes: RouteTable;
  readonly live: LiveTable;
  readonly scanIntervalMs: number;
  readonly queueCapacity: number;
  /** Groups whose smallest id went offline. */
  readonly onLostMinimum: (lost: readonly LostMinimum[]) => void;
}

interface Unregistration {
  readonly broker: BrokerIdentity;
  /** What was alive when this was queued; a broker that registered again in between stays. */
  readonly seen: LiveBroker | undefined;
}

/** Takes brokers out of the routes: at once when their connection ends, after their timeout when they go silent, or when they say so. */
export class BrokerLiveness {
  private readonly options: BrokerLivenessOptions;
  private readonly queue: RingQueue<Unregistration>;
  private scanTimer: TimerHandle | undefined;
  private batchTimer: TimerHandle | undefined;

  constructor(options: BrokerLivenessOptions) {
    this.options = options;
    this.queue = new RingQueue(options.queueCapacity);
  }

  start(): void {
    const { runtime, scanIntervalMs } = this.options;
    this.scanTimer ??= runtime.timers.setInterval(() => this.scan(), scanIntervalMs);
  }

  stop(): void {
    const { timers } = this.options.runtime;
    timers.clear(this.scanTimer);
    timers.clear(this.batchTimer);
    this.scanTimer = undefined;
    this.batchTimer = undefined;
    this.queue.clear();
  }

  /** Watches the connection a broker registered over. */
  watch(channel: Channel): void {
    channel.onClose(() => this.onChannelGone(channel));
  }

  /** Queues an unregistration; all that come in one turn are carried out together. False: the queue is full. */
  unregister(broker: BrokerIdentity, seen?: LiveBroker): boolean {
    if (!this.queue.push({ broker, seen })) return false;
    this.batchTimer ??= this.options.runtime.timers.setImmediate(() => this.runBatch());
    return true;
  }

  private onChannelGone(channel: Channel): void {
    for (const broker of this.options.live.takeChannel(channel.id)) this.unregisterLive(broker, 'its connection ended');
  }

  private scan(): void {
    const { live, runtime } = this.options;
    for (const broker of live.expired(runtime.clock.monotonic())) {
      this.unregisterLive(broker, `no sign of life for ${broker.timeoutMs} ms`);
      broker.channel.close();
    }
  }

  private unregisterLive(alive: LiveBroker, why: string): void {
    const { routes, live, runtime } = this.options;
    const { cluster, address } = alive;
    const broker = routes.findByAddress(cluster, address);
    if (broker === undefined) return void live.remove(cluster, address);
    const queued = this.unregister(broker, alive);
    runtime.logger.warn({ cluster, address, broker: broker.brokerName, why, queued }, 'a broker is gone');
  }

  private runBatch(): void {
    this.batchTimer = undefined;
    const { routes, live, onLostMinimum } = this.options;
    const batch: BrokerIdentity[] = [];
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const { broker, seen } = next;
      if (seen === undefined || live.get(broker.clusterName, broker.brokerAddr) === seen) batch.push(broker);
    }
    const lost = unregisterBrokers(routes, live, batch);
    if (lost.length > 0) onLostMinimum(lost);
  }
}
