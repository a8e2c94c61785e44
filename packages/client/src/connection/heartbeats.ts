import type { HeartbeatData } from '@kitemq/protocol';
import type { Logger } from '@kitemq/runtime';
import type { GroupCalls } from '../calls/group-calls.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { ConsumerMember, ProducerMember } from './client-core.ts';

/** Time for one heartbeat, ms (`mqClientApiTimeout`). */
const HEARTBEAT_TIMEOUT_MS = 3_000;

export interface HeartbeatsOptions {
  readonly clientId: string;
  readonly calls: GroupCalls;
  readonly routes: RouteTable;
  readonly logger: Logger;
}

/** Who belongs to this client, and telling brokers about it: producers' masters; with consumers, replicas too. */
export class Heartbeats {
  /** By group: any number of producers may share one. */
  readonly producers: Map<string, Set<ProducerMember>> = new Map();
  readonly consumers: Map<string, ConsumerMember> = new Map();
  readonly #options: HeartbeatsOptions;
  /** Addresses that have heard of us. */
  readonly #reached = new Set<string>();

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  /** Addresses that heard of us and may hold our registrations. */
  get reached(): readonly string[] {
    return [...this.#reached];
  }

  /** To every broker of a known route. Never rejects: a broker that is away hears of us when it is back. */
  async sendAll(): Promise<void> {
    if (this.producers.size === 0 && this.consumers.size === 0) return;
    const targets = this.#options.routes
      .brokers()
      .flatMap((broker) => (this.consumers.size > 0 ? broker.members : broker.members.filter((member) => member.brokerId === 0)));
    const addresses = new Set(targets.map((member) => member.address));
    for (const known of this.#reached) if (!addresses.has(known)) this.#reached.delete(known);
    await Promise.all([...addresses].map((address) => this.send(address)));
  }

  /** To one address. Never rejects. */
  async send(address: string): Promise<void> {
    const { calls, logger } = this.#options;
    try {
      await calls.heartbeat(address, this.#data(), { timeoutMs: HEARTBEAT_TIMEOUT_MS });
      this.#reached.add(address);
    } catch (error) {
      this.#reached.delete(address);
      logger.warn({ address, error }, 'heartbeat failed; the next one is sent when it is due');
    }
  }

  #data(): HeartbeatData {
    return {
      clientID: this.#options.clientId,
      producerDataSet: [...this.producers.keys()].map((groupName) => ({ groupName })),
      consumerDataSet: [...this.consumers.values()].map((consumer) => consumer.heartbeat()),
      heartbeatFingerprint: 0,
      withoutSub: false,
    };
  }
}
