import { Commands } from '@kitemq/protocol';
import type { CheckClientRequestBody, HeartbeatData, SubscriptionData } from '@kitemq/protocol';
import type { LinkOptions, ServerLink } from '../connection/server-link.ts';
import type { Message } from '../message/message.ts';

/** What a client tells brokers about its groups. All throw what {@link ServerLink.ask} throws. */
export class GroupCalls {
  readonly #link: ServerLink;

  constructor(link: ServerLink) {
    this.#link = link;
  }

  async heartbeat(address: string, data: HeartbeatData, call: LinkOptions): Promise<void> {
    await this.#link.ask(address, Commands.heartBeat, {}, call, data);
  }

  async unregister(address: string, client: { readonly clientId: string; readonly producerGroup?: string; readonly consumerGroup?: string }, call: LinkOptions): Promise<void> {
    const { clientId: clientID, producerGroup, consumerGroup } = client;
    await this.#link.ask(address, Commands.unregisterClient, { clientID, producerGroup, consumerGroup }, call);
  }

  /** Has the broker check a subscription (SQL92 conditions). @throws BrokerError 23 with the parser's text, 1 when the broker does not filter by properties */
  async checkSubscription(address: string, body: CheckClientRequestBody, call: LinkOptions): Promise<void> {
    await this.#link.ask(address, Commands.checkClientConfig, {}, call, body);
  }

  /** What the group subscribes to, as that broker sees it, by topic; undefined when nobody is connected. */
  async subscriptions(address: string, group: string, call: LinkOptions): Promise<ReadonlyMap<string, SubscriptionData> | undefined> {
    const reply = await this.#link.invoke(address, Commands.getConsumerConnectionList, { consumerGroup: group }, call);
    return reply.code === 0 ? reply.body().subscriptionTable : undefined;
  }

  /** Client ids of the group's members, as that broker sees it; not sorted. */
  async members(address: string, group: string, call: LinkOptions): Promise<readonly string[]> {
    const reply = await this.#link.ask(address, Commands.getConsumerListByGroup, { consumerGroup: group }, call);
    return reply.body().consumerIdList;
  }

  /** Hands a message back for a later redelivery; `delayLevel` −1 moves it to the dead letter topic. */
  async sendBack(
    address: string,
    message: Message,
    back: { readonly group: string; readonly delayLevel: number; readonly maxReconsumeTimes: number },
    call: LinkOptions,
  ): Promise<void> {
    await this.#link.ask(
      address,
      Commands.consumerSendMsgBack,
      {
        offset: message.physicalOffset,
        group: back.group,
        delayLevel: back.delayLevel,
        originMsgId: message.messageId,
        originTopic: message.topic,
        unitMode: false,
        maxReconsumeTimes: back.maxReconsumeTimes,
        brokerName: message.brokerName,
      },
      call,
    );
  }
}
