import type { Runtime } from '@kitemq/runtime';
import { KiteError } from '@kitemq/runtime';
import type { BrokerSet } from '../admin/types.ts';
import { abortable } from '../connection/waiting.ts';
import { TopicRoute } from './topic-route.ts';

/** Topics a client remembers; beyond it the one asked for least recently is forgotten. */
const TOPICS_MAX = 10_000;

/** A topic that has had no route for so long, ms, was deleted; for less, its broker may be restarting. */
const MISSING_MS_MAX = 600_000;

/** Asks a name server. Resolves with undefined when it says that the topic has no route. */
export type RouteQuery = (topic: string, options: RouteQueryOptions) => Promise<TopicRoute | undefined>;

export interface RouteQueryOptions {
  readonly timeoutMs: number;
}

export interface RouteOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Ask the name server even when there is a remembered route. */
  readonly fresh?: boolean | undefined;
}

/** The routes this client knows, refreshed from time to time. An unreachable name server never makes it forget one. */
export class RouteTable {
  readonly #runtime: Runtime;
  readonly #query: RouteQuery;
  readonly #routes = new Map<string, TopicRoute>();
  /** Topics wanted, also those without a route yet. */
  readonly #wanted = new Set<string>();
  readonly #asking = new Map<string, Promise<TopicRoute | undefined>>();
  /** Broker sets by name, as the last answer that named them had them: an older route may hold an address that is not theirs any more. */
  readonly #brokers = new Map<string, BrokerSet>();
  /** Monotonic ms since when a topic with a remembered route has none. */
  readonly #missingSince = new Map<string, number>();
  readonly #listeners = new Set<(topic: string) => void>();

  constructor(runtime: Runtime, query: RouteQuery) {
    this.#runtime = runtime;
    this.#query = query;
  }

  /** The route, undefined when the topic does not exist. Callers of one topic share one question. */
  async find(topic: string, options: RouteOptions): Promise<TopicRoute | undefined> {
    const known = this.#routes.get(topic);
    if (known !== undefined && options.fresh !== true) return known;
    this.want(topic);
    let asking = this.#asking.get(topic);
    if (asking === undefined) {
      asking = this.#ask(topic, options.timeoutMs).finally(() => this.#asking.delete(topic));
      this.#asking.set(topic, asking);
    }
    return abortable(`looking up topic ${topic}`, asking, options.signal);
  }

  /** As `find`. @throws KiteError `KITE_TOPIC_NOT_FOUND` */
  async get(topic: string, options: RouteOptions): Promise<TopicRoute> {
    const route = await this.find(topic, options);
    if (route === undefined) {
      throw new KiteError('KITE_TOPIC_NOT_FOUND', `no name server knows a route for topic ${topic}; create the topic, or start its broker`, {
        retryable: true,
        details: { topic },
      });
    }
    return route;
  }

  /** What is remembered, without asking. */
  known(topic: string): TopicRoute | undefined {
    return this.#routes.get(topic);
  }

  /** Keeps the topic's route fresh from now on. */
  want(topic: string): void {
    this.#wanted.delete(topic);
    this.#wanted.add(topic);
    if (this.#wanted.size <= TOPICS_MAX) return;
    for (const oldest of this.#wanted) {
      this.#wanted.delete(oldest);
      this.#routes.delete(oldest);
      break;
    }
  }

  /** Forgets a topic that was deleted. */
  forget(topic: string): void {
    this.#wanted.delete(topic);
    this.#routes.delete(topic);
    this.#missingSince.delete(topic);
  }

  /** Every broker set in any remembered route. */
  brokers(): readonly BrokerSet[] {
    const names = new Set<string>();
    for (const route of this.#routes.values()) for (const { brokerName } of route.info.brokers) names.add(brokerName);
    return [...names].flatMap((name) => this.broker(name) ?? []);
  }

  /** The broker set of that name. */
  broker(brokerName: string): BrokerSet | undefined {
    return this.#brokers.get(brokerName);
  }

  onChange(listener: (topic: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for every wanted topic again, one after the other. Failures are answered in the result, nothing is thrown. */
  async refreshAll(timeoutMs: number, signal: AbortSignal): Promise<{ readonly failures: readonly unknown[] }> {
    const failures: unknown[] = [];
    for (const topic of [...this.#wanted]) {
      if (signal.aborted) break;
      try {
        await this.find(topic, { timeoutMs, signal, fresh: true });
      } catch (error) {
        failures.push(error);
        if (KiteError.is(error, 'KITE_NAMESERVER_UNREACHABLE')) break;
      }
    }
    return { failures };
  }

  async #ask(topic: string, timeoutMs: number): Promise<TopicRoute | undefined> {
    const route = await this.#query(topic, { timeoutMs });
    if (route === undefined) {
      this.#missed(topic);
      return undefined;
    }
    this.#missingSince.delete(topic);
    for (const broker of route.info.brokers) this.#brokers.set(broker.brokerName, broker);
    const before = this.#routes.get(topic);
    if (route.sameAs(before)) return before;
    this.#routes.set(topic, route);
    this.#runtime.logger.debug({ topic, queues: route.subscribeQueues.length }, 'topic route changed');
    for (const listener of this.#listeners) listener(topic);
    return route;
  }

  /** A topic may be hidden while its broker restarts: what is known stays usable, until it has been gone for long. */
  #missed(topic: string): void {
    if (!this.#routes.has(topic)) return;
    const now = this.#runtime.clock.monotonic();
    const since = this.#missingSince.get(topic);
    if (since === undefined) this.#missingSince.set(topic, now);
    else if (now - since >= MISSING_MS_MAX) this.forget(topic);
  }
}
