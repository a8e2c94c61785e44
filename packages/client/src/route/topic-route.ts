import type { BrokerSet, MessageQueue, TopicRouteInfo } from '../admin/types.ts';

/** Bits of a queue's `perm`. */
const READABLE = 4;
const WRITABLE = 2;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The order every member of a group must agree on (Java's `MessageQueue.compareTo`). */
export function compareQueues(a: MessageQueue, b: MessageQueue): number {
  return byText(a.topic, b.topic) || byText(a.brokerName, b.brokerName) || a.queueId - b.queueId;
}

/** Identifies a queue in maps. Names have no blanks. */
export function queueKey(queue: MessageQueue): string {
  return `${queue.topic} ${queue.brokerName} ${queue.queueId}`;
}

/** What the wire's route data must have to be understood; everything else in it is ignored. */
export interface RouteData {
  readonly orderTopicConf?: string | undefined;
  readonly queueDatas: readonly {
    readonly brokerName: string;
    readonly readQueueNums: number;
    readonly writeQueueNums: number;
    readonly perm: number;
  }[];
  readonly brokerDatas: readonly {
    readonly cluster: string;
    readonly brokerName: string;
    readonly brokerAddrs: ReadonlyMap<number, string>;
  }[];
}

/** Where a topic lives, as a name server answered: immutable. */
export class TopicRoute {
  readonly topic: string;
  readonly info: TopicRouteInfo;
  /** Queues to write, sorted: of broker sets that have a master. */
  readonly publishQueues: readonly MessageQueue[];
  /** Queues to read, sorted. */
  readonly subscribeQueues: readonly MessageQueue[];
  readonly #brokers: ReadonlyMap<string, BrokerSet>;
  readonly #fingerprint: string;

  constructor(topic: string, data: RouteData) {
    const brokers = data.brokerDatas
      .map((broker) => ({
        cluster: broker.cluster,
        brokerName: broker.brokerName,
        members: [...broker.brokerAddrs]
          .map(([brokerId, address]) => ({ brokerId, address }))
          .sort((a, b) => a.brokerId - b.brokerId),
      }))
      .sort((a, b) => byText(a.brokerName, b.brokerName));
    const queues = data.queueDatas
      .map((queue) => ({
        brokerName: queue.brokerName,
        readQueues: queue.readQueueNums,
        writeQueues: queue.writeQueueNums,
        perm: queue.perm,
      }))
      .sort((a, b) => byText(a.brokerName, b.brokerName));
    this.topic = topic;
    this.info = { topic, brokers, queues };
    this.#brokers = new Map(brokers.map((broker) => [broker.brokerName, broker]));
    this.publishQueues = this.#orderedQueues(data.orderTopicConf) ?? this.#queues(WRITABLE);
    this.subscribeQueues = this.#queues(READABLE);
    this.#fingerprint = JSON.stringify([this.info, data.orderTopicConf ?? '']);
  }

  broker(brokerName: string): BrokerSet | undefined {
    return this.#brokers.get(brokerName);
  }

  sameAs(other: TopicRoute | undefined): boolean {
    return other !== undefined && this.#fingerprint === other.#fingerprint;
  }

  /** Queues for a topic that does not exist yet, taken from the route of its template: few, the broker creates them with the first send. */
  templateQueues(topic: string, perBrokerMax: number): readonly MessageQueue[] {
    return this.info.queues
      .filter((queue) => (queue.perm & WRITABLE) !== 0 && this.#hasMaster(queue.brokerName))
      .flatMap((queue) => numbered(topic, queue.brokerName, Math.min(perBrokerMax, queue.readQueues)));
  }

  #queues(permission: number): readonly MessageQueue[] {
    return this.info.queues
      .filter((queue) => (queue.perm & permission) !== 0 && (permission === READABLE || this.#hasMaster(queue.brokerName)))
      .flatMap((queue) => numbered(this.topic, queue.brokerName, permission === READABLE ? queue.readQueues : queue.writeQueues));
  }

  /** An ordered topic's configuration, `brokerA:4;brokerB:4`, decides instead of the queue data. */
  #orderedQueues(configuration: string | undefined): readonly MessageQueue[] | undefined {
    if (configuration === undefined || configuration === '') return undefined;
    return configuration.split(';').flatMap((part) => {
      const [brokerName, count] = part.split(':');
      return brokerName === undefined || brokerName === '' ? [] : numbered(this.topic, brokerName, Number.parseInt(count ?? '0', 10) || 0);
    });
  }

  #hasMaster(brokerName: string): boolean {
    return this.#brokers.get(brokerName)?.members[0]?.brokerId === 0;
  }
}

function numbered(topic: string, brokerName: string, count: number): MessageQueue[] {
  return Array.from({ length: Math.max(0, count) }, (_, queueId) => ({ topic, brokerName, queueId }));
}
