import type { Message, MessageQueue, Puller } from '@kitemq/client';
import { KiteError } from '@kitemq/runtime';
import type { Session } from '../command/session.ts';

export interface ConsumeFlags {
  readonly topic: string;
  readonly group?: string | undefined;
  readonly tag?: string | undefined;
  /** End after this many messages. */
  readonly count?: number | undefined;
  /** `first`, `last`, or a time. */
  readonly from?: string | undefined;
  readonly broker?: string | undefined;
  readonly queue?: number | undefined;
  readonly offset?: number | undefined;
  readonly follow?: boolean | undefined;
}

/** Milliseconds a broker holds a pull while following. */
const followWaitMs = 5000;

/** One line for a person, one object with --json. */
export function printMessage(session: Session, message: Message): void {
  const { topic, brokerName, queueId, queueOffset, messageId, tags, keys, properties, storeTimestamp, reconsumeTimes } = message;
  const body = message.text();
  const data = { topic, brokerName, queueId, queueOffset, messageId, tags, keys, properties, storeTimestamp, reconsumeTimes, body };
  session.item(data, () => `${new Date(storeTimestamp).toISOString()}  ${brokerName} queue ${queueId} offset ${queueOffset}${tags === undefined ? '' : `  [${tags}]`}  ${body}\n`);
}

/** Where reading begins: a word, milliseconds, or a date. */
export function startPoint(text: string | undefined): 'first' | 'last' | Date {
  if (text === undefined || text === 'first' || text === 'last') return text ?? 'first';
  const date = new Date(/^\d+$/.test(text) ? Number(text) : text);
  if (Number.isNaN(date.getTime())) throw new KiteError('KITE_USAGE', `--from is "${text}": it must be first, last, milliseconds since 1970, or a date such as 2026-11-20T10:00:00Z`);
  return date;
}

async function beginningOf(puller: Puller, queue: MessageQueue, flags: ConsumeFlags): Promise<number> {
  if (flags.offset !== undefined) return flags.offset;
  const from = startPoint(flags.from);
  if (from === 'first') return puller.minOffset(queue);
  return from === 'last' ? puller.maxOffset(queue) : puller.offsetByTime(queue, from);
}

interface Counter {
  left: number;
  readonly done: AbortController;
}

async function readQueue(session: Session, puller: Puller, place: { queue: MessageQueue; offset: number }, flags: ConsumeFlags, counter: Counter): Promise<void> {
  let { offset } = place;
  const expression = flags.tag;
  const { signal } = counter.done;
  while (!signal.aborted) {
    const result = await puller.pull(place.queue, offset, { expression, signal, ...(flags.follow === true ? { waitMs: followWaitMs, timeoutMs: followWaitMs * 3 } : {}) });
    for (const message of result.messages) {
      if (counter.left <= 0) return;
      printMessage(session, message);
      if (--counter.left === 0) counter.done.abort();
    }
    offset = result.next;
    if (flags.follow !== true && (result.status === 'none' || offset >= result.maxOffset)) return;
  }
}

/** Reads without a group: nothing is committed, other consumers do not notice. Ends at the end of the queues unless following. */
async function browse(session: Session, flags: ConsumeFlags): Promise<void> {
  const puller = session.client.puller();
  const all = await puller.queues(flags.topic, { signal: session.signal });
  const queues = all.filter((queue) => (flags.broker === undefined || queue.brokerName === flags.broker) && (flags.queue === undefined || queue.queueId === flags.queue));
  if (queues.length === 0) throw new KiteError('KITE_USAGE', `topic ${flags.topic} has no such queue; see: kitemq topic status ${flags.topic}`);
  const counter: Counter = { left: flags.count ?? Number.POSITIVE_INFINITY, done: new AbortController() };
  const stop = (): void => counter.done.abort();
  session.signal.addEventListener('abort', stop);
  const starts = await Promise.all(queues.map(async (queue) => ({ queue, offset: await beginningOf(puller, queue, flags) })));
  try {
    if (flags.follow === true) await Promise.all(starts.map((place) => readQueue(session, puller, place, flags, counter)));
    else for (const place of starts) await readQueue(session, puller, place, flags, counter);
  } catch (error) {
    if (!counter.done.signal.aborted) throw error;
  } finally {
    session.signal.removeEventListener('abort', stop);
  }
}

/** Consumes as a member of a group: what was printed is acknowledged. */
async function consumeAsMember(session: Session, flags: ConsumeFlags, group: string): Promise<void> {
  const consumer = await session.client.consumer({ group, subscriptions: { [flags.topic]: flags.tag ?? '*' }, from: startPoint(flags.from) });
  let left = flags.count ?? Number.POSITIVE_INFINITY;
  const stop = (): void => void consumer.stop();
  session.signal.addEventListener('abort', stop);
  session.note(`Consuming ${flags.topic} as ${group}. Ctrl-C ends.`);
  try {
    for await (const message of consumer) {
      printMessage(session, message);
      await message.ack();
      if (--left <= 0) break;
    }
  } finally {
    session.signal.removeEventListener('abort', stop);
    await consumer.stop();
  }
}

export async function consume(session: Session, flags: ConsumeFlags): Promise<void> {
  if (flags.group === undefined) return browse(session, flags);
  return consumeAsMember(session, flags, flags.group);
}
