import type { OutgoingMessage } from '@kitemq/client';
import { KiteError } from '@kitemq/runtime';
import { resolve } from 'node:path';
import type { Session } from '../command/session.ts';

export interface SendFlags {
  readonly topic: string;
  readonly body?: string | undefined;
  readonly bodyFile?: string | undefined;
  readonly tag?: string | undefined;
  readonly key?: string | undefined;
  readonly property?: readonly string[] | undefined;
  readonly broker?: string | undefined;
  readonly queue?: number | undefined;
  readonly count?: number | undefined;
}

function propertiesOf(assignments: readonly string[] | undefined): Record<string, string> | undefined {
  if (assignments === undefined) return undefined;
  const properties: Record<string, string> = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at <= 0) throw new KiteError('KITE_USAGE', `--property is "${assignment}": it must be name=value`);
    properties[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  return properties;
}

/** Standard input, line by line; the last line may lack its end. */
async function* standardInputLines(): AsyncGenerator<string> {
  let rest = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function* bodiesOf(session: Session, flags: SendFlags): AsyncGenerator<string | Uint8Array> {
  if (flags.body === '-' || (flags.body === undefined && flags.bodyFile === undefined)) {
    for await (const line of standardInputLines()) if (line !== '') yield line;
    return;
  }
  const body = flags.bodyFile === undefined ? (flags.body ?? '') : session.runtime.disk.readFileSync(resolve(flags.bodyFile));
  for (let count = 0; count < (flags.count ?? 1); count++) yield body;
}

/** Sends one message, the same one `count` times, or one per line of standard input; one line of answer each. */
export async function send(session: Session, flags: SendFlags): Promise<void> {
  const { topic, tag, key, broker, queue } = flags;
  const properties = propertiesOf(flags.property);
  const producer = await session.client.producer({ group: 'kitemq-cli' });
  const queues = broker === undefined && queue === undefined ? [] : await producer.queues(topic, { signal: session.signal });
  const chosen = queues.find((candidate) => (broker === undefined || candidate.brokerName === broker) && (queue === undefined || candidate.queueId === queue));
  if (queues.length > 0 && chosen === undefined) {
    throw new KiteError('KITE_USAGE', `topic ${topic} has no queue ${queue ?? ''} on broker ${broker ?? 'any'}; see: kitemq topic status ${topic}`);
  }
  let sent = 0;
  for await (const body of bodiesOf(session, flags)) {
    if (session.signal.aborted) break;
    const message: OutgoingMessage = { topic, body, tags: tag, keys: key, properties };
    const result = await producer.send(message, { signal: session.signal, ...(chosen === undefined ? {} : { queue: chosen }) });
    sent++;
    session.item(result, () => `${result.status}  ${result.messageId}  ${result.queue.brokerName} queue ${result.queue.queueId} offset ${result.queueOffset}\n`);
  }
  if (sent !== 1) session.note(`${sent} messages sent.`);
}
