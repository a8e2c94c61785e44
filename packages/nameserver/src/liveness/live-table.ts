import type { DataVersion } from '@kitemq/protocol';
import type { Channel } from '@kitemq/remoting';

/** A broker that registered and has not gone silent. */
export interface LiveBroker {
  readonly cluster: string;
  readonly address: string;
  /** Monotonic ms of the last registration or heartbeat. */
  lastUpdateAt: number;
  /** Silence after which it counts as gone, ms. */
  readonly timeoutMs: number;
  readonly dataVersion: DataVersion;
  readonly channel: Channel;
  readonly haServerAddr: string;
}

/** How long a broker that names no timeout may be silent (Apache: DEFAULT_BROKER_CHANNEL_EXPIRED_TIME). */
export const brokerTimeoutMsDefault = 120_000;

const keyOf = (cluster: string, address: string): string => `${cluster}\n${address}`;

/** Who is alive, by cluster and address, and by the connection it registered over. */
export class LiveTable {
  private readonly byAddress: Map<string, LiveBroker> = new Map();
  private readonly byChannel: Map<number, Set<string>> = new Map();

  get size(): number {
    return this.byAddress.size;
  }

  get(cluster: string, address: string): LiveBroker | undefined {
    return this.byAddress.get(keyOf(cluster, address));
  }

  /** True when this channel had no entry before: the caller then watches its end. */
  put(broker: LiveBroker): boolean {
    this.remove(broker.cluster, broker.address);
    const key = keyOf(broker.cluster, broker.address);
    this.byAddress.set(key, broker);
    const keys = this.byChannel.get(broker.channel.id);
    if (keys === undefined) {
      this.byChannel.set(broker.channel.id, new Set([key]));
      return true;
    }
    keys.add(key);
    return false;
  }

  remove(cluster: string, address: string): LiveBroker | undefined {
    const key = keyOf(cluster, address);
    const broker = this.byAddress.get(key);
    if (broker === undefined) return undefined;
    this.byAddress.delete(key);
    this.byChannel.get(broker.channel.id)?.delete(key);
    return broker;
  }

  touch(cluster: string, address: string, now: number): void {
    const broker = this.get(cluster, address);
    if (broker !== undefined) broker.lastUpdateAt = now;
  }

  /** Who registered over a connection that ended. The connection is forgotten. */
  takeChannel(channelId: number): LiveBroker[] {
    const keys = this.byChannel.get(channelId);
    this.byChannel.delete(channelId);
    return keys === undefined ? [] : [...keys].map((key) => this.byAddress.get(key)!);
  }

  /** Who has been silent for longer than allowed. */
  expired(now: number): LiveBroker[] {
    return [...this.byAddress.values()].filter((broker) => broker.lastUpdateAt + broker.timeoutMs < now);
  }
}
