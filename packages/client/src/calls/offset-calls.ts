import { Commands, ResponseCode } from '@kitemq/protocol';
import type { MessageQueue } from '../admin/types.ts';
import type { LinkOptions, ServerLink } from '../connection/server-link.ts';
import { BrokerError } from '../errors.ts';

/** Questions about offsets, to the broker at `address`. All throw what {@link ServerLink.ask} throws. */
export class OffsetCalls {
  readonly #link: ServerLink;

  constructor(link: ServerLink) {
    this.#link = link;
  }

  async min(address: string, queue: MessageQueue, call: LinkOptions): Promise<number> {
    return (await this.#link.ask(address, Commands.getMinOffset, queueHeader(queue), call)).header().offset;
  }

  /** The offset that the next message gets. */
  async max(address: string, queue: MessageQueue, call: LinkOptions): Promise<number> {
    return (await this.#link.ask(address, Commands.getMaxOffset, queueHeader(queue), call)).header().offset;
  }

  /** The first offset stored at or after `timestamp`. */
  async byTime(address: string, queue: MessageQueue, timestamp: number, call: LinkOptions): Promise<number> {
    return (await this.#link.ask(address, Commands.searchOffsetByTimestamp, { ...queueHeader(queue), timestamp }, call)).header().offset;
  }

  /**
   * The group's committed offset; undefined only when the broker said that there is none (22). Brokers are told not to answer 0 for a queue
   * that is still small: where a group starts is for the group to say.
   */
  async committed(address: string, group: string, queue: MessageQueue, call: LinkOptions): Promise<number | undefined> {
    const header = { ...queueHeader(queue), consumerGroup: group, setZeroIfNotFound: false };
    const reply = await this.#link.invoke(address, Commands.queryConsumerOffset, header, call);
    if (reply.code === ResponseCode.success) return reply.header().offset;
    if (reply.code === ResponseCode.queryNotFound) return undefined;
    throw new BrokerError(Commands.queryConsumerOffset.name, address, reply.code, reply.remark);
  }

  async commit(address: string, group: string, queue: MessageQueue, offset: number, call: LinkOptions): Promise<void> {
    await this.#link.ask(address, Commands.updateConsumerOffset, { ...queueHeader(queue), consumerGroup: group, commitOffset: offset }, call);
  }
}

function queueHeader(queue: MessageQueue): { topic: string; queueId: number; brokerName: string } {
  return { topic: queue.topic, queueId: queue.queueId, brokerName: queue.brokerName };
}
