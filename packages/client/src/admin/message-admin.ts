import { Commands, decodeOffsetMessageId, ResponseCode } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import { BrokerError } from '../errors.ts';
import { DecodedMessage } from '../message/decoded-message.ts';
import { decodeMessages } from '../message/decode-messages.ts';
import type { Message } from '../message/message.ts';
import type { Admin } from './admin.ts';
import type { AdminBase } from './admin-base.ts';
import type { CallOptions, QueryMessageOptions } from './types.ts';

type MessageAdmin = Pick<Admin, 'viewMessage' | 'queryMessages'>;

const COUNT_DEFAULT = 32;

/** Finding messages. */
export function messageAdmin(base: AdminBase): MessageAdmin {
  const { core } = base;

  async function byOffsetId(messageId: string, options: CallOptions | undefined): Promise<Message | undefined> {
    const { ip, port, physicalOffset } = decodeOffsetMessageId(messageId);
    const address = `${ip}:${port}`;
    const reply = await core.link.invoke(address, Commands.viewMessageById, { offset: physicalOffset }, base.call(options));
    // Brokers have no code of its own for "no message there": they answer SYSTEM_ERROR.
    if (reply.code === ResponseCode.systemError || reply.code === ResponseCode.queryNotFound) return undefined;
    if (reply.code !== 0) throw new BrokerError(Commands.viewMessageById.name, address, reply.code, reply.remark);
    const { brokers } = await base.cluster(options);
    const holder = brokers.find((broker) => broker.members.some((member) => member.address === address));
    const [fields] = decodeMessages(reply.body(), holder?.brokerName ?? address, core.runtime.logger);
    return fields === undefined ? undefined : new DecodedMessage(fields);
  }

  async function atBroker(address: string, brokerName: string, options: QueryMessageOptions): Promise<Message[]> {
    const header = {
      topic: options.topic,
      key: options.key,
      maxNum: options.maxCount ?? COUNT_DEFAULT,
      beginTimestamp: options.begin ?? 0,
      endTimestamp: options.end ?? Number.MAX_SAFE_INTEGER,
      uniqueKeyQuery: options.unique ?? false,
    };
    const reply = await core.link.invoke(address, Commands.queryMessage, header, base.call(options));
    if (reply.code === ResponseCode.queryNotFound) return [];
    if (reply.code !== 0) throw new BrokerError(Commands.queryMessage.name, address, reply.code, reply.remark);
    return decodeMessages(reply.body(), brokerName, core.runtime.logger).map((fields) => new DecodedMessage(fields));
  }

  async function query(options: QueryMessageOptions): Promise<readonly Message[]> {
    const { brokers } = (await core.routes.get(options.topic, { ...base.call(options), fresh: true })).info;
    const results = await Promise.allSettled(
      brokers.flatMap((broker) => broker.members.slice(0, 1).map((member) => atBroker(member.address, broker.brokerName, options))),
    );
    const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (found.length === 0 && failed !== undefined) throw failed.reason;
    // Brokers look keys up by hash: others with the same hash come along.
    const exact = found.filter((message) => (options.unique === true ? message.messageId === options.key : message.keys.includes(options.key)));
    return exact.sort((a, b) => a.storeTimestamp - b.storeTimestamp).slice(0, options.maxCount ?? COUNT_DEFAULT);
  }

  return {
    queryMessages: query,

    async viewMessage(messageId, options) {
      const { topic } = options ?? {};
      if (topic !== undefined) {
        const [found] = await query({ ...options, topic, key: messageId, unique: true });
        if (found !== undefined) return found;
      }
      try {
        return await byOffsetId(messageId, options);
      } catch (error) {
        // A unique key has the form of an offset id, with an address nobody listens at.
        if (topic !== undefined && KiteError.is(error) && error.code.startsWith('KITE_CONNECT')) return undefined;
        throw error;
      }
    },
  };
}
