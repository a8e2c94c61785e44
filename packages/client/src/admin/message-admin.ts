import { Commands, decodeOffsetMessageId, ResponseCode } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import { BrokerError } from '../errors.ts';
import { DecodedMessage } from '../message/decoded-message.ts';
import { decodeMessages } from '../message/decode-messages.ts';
import type { Message } from '../message/message.ts';
import type { Admin } from './admin.ts';
import type { AdminBase } from './admin-base.ts';
import type { CallOptions, QueryByKeyOptions } from './types.ts';

type MessageAdmin = Pick<Admin, 'viewMessage' | 'queryByKey' | 'queryByUniqueId'>;

/** A question, and what an answer must be to count: brokers look keys up by hash, others with the same hash may come along. */
interface Query {
  readonly topic: string;
  readonly key: string;
  readonly isUnique: boolean;
  readonly options: QueryByKeyOptions | undefined;
  readonly matches: (message: Message) => boolean;
}

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

  async function atBroker(address: string, brokerName: string, { topic, key, isUnique, options }: Query): Promise<Message[]> {
    const header = {
      topic,
      key,
      maxNum: options?.maxCount ?? COUNT_DEFAULT,
      beginTimestamp: options?.begin ?? 0,
      endTimestamp: options?.end ?? Number.MAX_SAFE_INTEGER,
      uniqueKeyQuery: isUnique,
      ...(options?.kind === 'tag' ? { indexType: 'T' } : {}),
    };
    const reply = await core.link.invoke(address, Commands.queryMessage, header, base.call(options));
    if (reply.code === ResponseCode.queryNotFound) return [];
    if (reply.code !== 0) throw new BrokerError(Commands.queryMessage.name, address, reply.code, reply.remark);
    return decodeMessages(reply.body(), brokerName, core.runtime.logger).map((fields) => new DecodedMessage(fields));
  }

  async function query(question: Query): Promise<readonly Message[]> {
    const { topic, options, matches } = question;
    const { brokers } = (await core.routes.get(topic, { ...base.call(options), fresh: true })).info;
    const results = await Promise.allSettled(
      brokers.flatMap((broker) => broker.members.slice(0, 1).map((member) => atBroker(member.address, broker.brokerName, question))),
    );
    const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    const failed = results.find((result) => result.status === 'rejected');
    if (found.length === 0 && failed !== undefined) throw failed.reason;
    const exact = found.filter((message) => message.topic === topic && matches(message)).sort((a, b) => a.storeTimestamp - b.storeTimestamp);
    return exact.slice(-(options?.maxCount ?? COUNT_DEFAULT));
  }

  const byUniqueId = (topic: string, key: string, options: QueryByKeyOptions | undefined): Promise<readonly Message[]> =>
    query({ topic, key, isUnique: true, options, matches: (message) => message.messageId === key });

  return {
    queryByKey(topic, key, options) {
      const matches = (message: Message): boolean => (options?.kind === 'tag' ? message.tags === key : message.keys.includes(key));
      return query({ topic, key, isUnique: false, options, matches });
    },

    queryByUniqueId: byUniqueId,

    async viewMessage(messageId, options) {
      const { topic } = options ?? {};
      if (topic !== undefined) {
        const [found] = await byUniqueId(topic, messageId, base.call(options));
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
