import type { Message, MessageQueue } from '@kitemq/client';
import { KiteError } from '@kitemq/runtime';
import type { Session } from '../command/session.ts';

/** How messages are asked for: exactly one of key, tag, uniqueId, offsetId, or queue with offset. */
export interface MessageQuery {
  readonly topic?: string | undefined;
  readonly key?: string | undefined;
  readonly tag?: string | undefined;
  readonly uniqueId?: string | undefined;
  readonly offsetId?: string | undefined;
  readonly queue?: number | undefined;
  readonly offset?: number | undefined;
  readonly broker?: string | undefined;
  /** Store times: a date, or milliseconds. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly count?: number | undefined;
}

/** Characters of a body in a table; JSON has all of it. */
const bodyWidthMax = 60;

const usage = (text: string): KiteError => new KiteError('KITE_USAGE', text);

function time(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : new Date(text).getTime();
  if (Number.isSafeInteger(value)) return value;
  throw usage(`${flag} is "${text}": it must be milliseconds since 1970, or a date such as 2026-11-20T10:00:00Z`);
}

/** The message in each broker's queue of that number. */
async function atOffset(session: Session, topic: string, { queue, offset = 0, broker }: MessageQuery): Promise<Message[]> {
  const puller = session.client.puller();
  const all: readonly MessageQueue[] = await puller.queues(topic, { signal: session.signal });
  const queues = all.filter((each) => each.queueId === queue && (broker === undefined || each.brokerName === broker));
  if (queues.length === 0) throw usage(`topic ${topic} has no such queue; see: kitemq topic status ${topic}`);
  const found: Message[] = [];
  for (const each of queues) {
    const { messages } = await puller.pull(each, offset, { maxCount: 1, signal: session.signal });
    found.push(...messages.filter((message) => message.queueOffset === offset));
  }
  return found;
}

async function find(session: Session, query: MessageQuery): Promise<readonly Message[]> {
  const { topic, key, tag, uniqueId, offsetId, count } = query;
  const { admin, signal } = session;
  if (offsetId !== undefined) {
    const message = await admin.viewMessage(offsetId, { signal });
    return message === undefined ? [] : [message];
  }
  if (topic === undefined) throw usage('--topic is missing: only --offset-id goes without');
  const options = { signal, maxCount: count, begin: time(query.since, '--since'), end: time(query.until, '--until') };
  if (uniqueId !== undefined) return admin.queryByUniqueId(topic, uniqueId, options);
  if (tag !== undefined) return admin.queryByKey(topic, tag, { ...options, kind: 'tag' });
  return key === undefined ? atOffset(session, topic, query) : admin.queryByKey(topic, key, options);
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > bodyWidthMax ? `${line.slice(0, bodyWidthMax - 1)}…` : line;
}

/** Prints messages as a table; JSON has everything. */
export function printMessages(session: Session, messages: readonly Message[]): void {
  const data = messages.map((message) => {
    const { topic, brokerName, queueId, queueOffset, messageId, offsetMessageId, tags, keys, properties, bornTimestamp, storeTimestamp, reconsumeTimes } = message;
    return { topic, brokerName, queueId, queueOffset, messageId, offsetMessageId, tags, keys, properties, bornTimestamp, storeTimestamp, reconsumeTimes, body: message.text() };
  });
  const header = ['STORED', 'BROKER', 'QUEUE', 'OFFSET', 'TAG', 'KEYS', 'MESSAGE ID', 'BODY'];
  const rows = data.map((each) => [
    new Date(each.storeTimestamp).toISOString(), each.brokerName, each.queueId, each.queueOffset, each.tags, each.keys.join(' '), each.messageId, oneLine(each.body),
  ]);
  session.table(data, header, rows, 'No such message.');
}

/** Finds messages and prints them. @throws KiteError `KITE_MESSAGE_NOT_FOUND` when there is none */
export async function queryMessages(session: Session, query: MessageQuery): Promise<void> {
  const { key, tag, uniqueId, offsetId, queue, offset } = query;
  if ((queue === undefined) !== (offset === undefined)) throw usage('--queue and --offset go together');
  const given = [key, tag, uniqueId, offsetId, queue].filter((each) => each !== undefined).length;
  if (given !== 1) throw usage('give one of --key, --tag, --unique-id, --offset-id, or --queue with --offset');
  const messages = await find(session, query);
  if (messages.length === 0) throw new KiteError('KITE_MESSAGE_NOT_FOUND', 'there is no such message; brokers index KEYS, tags and unique ids unless messageIndexEnable=false');
  printMessages(session, messages);
}
