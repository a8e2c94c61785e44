import { pack } from 'msgpackr';

/** First element of the body of a record in the queue view's own topic. */
const kindRemoveTopic = 1;
const kindBegin = 2;
const kindStates = 3;
const kindRenew = 4;
const kindNote = 5;
const kindForget = 6;

/** What the queue view's own records say. */
export type QueueCommand =
  | { readonly kind: 'removeTopic'; readonly topic: string }
  | { readonly kind: 'begin'; readonly topic: string; readonly queueId: number; readonly next: number }
  | { readonly kind: 'renew'; readonly topic: string; readonly queueId: number }
  | { readonly kind: 'forget'; readonly topic: string; readonly queueId: number }
  | { readonly kind: 'states'; readonly states: readonly QueueState[] };

/** Where a queue begins and ends at a place of the log. */
export interface QueueState {
  readonly topic: string;
  readonly queueId: number;
  readonly minOffset: number;
  readonly next: number;
}

/** All replays forget the topic's queues. */
export function removeTopicCommand(topic: string): unknown {
  return [kindRemoveTopic, topic];
}

/**
 * The queue had messages up to `next`, all of which may be gone from the log: it goes on there. A queue that has entries is not changed,
 * so the record may repeat what the log still says.
 */
export function queueBeginCommand(topic: string, queueId: number, next: number): unknown {
  return [kindBegin, topic, queueId, next];
}

/**
 * The queue's last record had offset 0 again, because its topic was deleted and made again: the queue begins anew with that one. When the
 * last record had not, nothing changes.
 */
export function queueRenewCommand(topic: string, queueId: number): unknown {
  return [kindRenew, topic, queueId];
}

/** What the log has of the queue belongs to a topic that was deleted: the queue is empty and begins at 0. */
export function queueForgetCommand(topic: string, queueId: number): unknown {
  return [kindForget, topic, queueId];
}

/** Queues begin and end here, whatever the log still has of them: for when its beginning is gone. `topics` is (topic, [queueId, min, next, …]) repeated. */
export function queueStatesCommand(topics: readonly unknown[]): unknown {
  return [kindStates, ...topics];
}

/** Says nothing: a record that a segment begins with. */
export function noteCommand(): Uint8Array {
  return pack([kindNote]);
}

function readStates(body: readonly unknown[]): QueueState[] {
  const found: QueueState[] = [];
  for (let index = 1; index + 1 < body.length; index += 2) {
    const [topic, numbers] = [body[index], body[index + 1]];
    if (typeof topic !== 'string' || !Array.isArray(numbers)) continue;
    for (let at = 0; at + 2 < numbers.length; at += 3) {
      const [queueId, minOffset, next] = [numbers[at], numbers[at + 1], numbers[at + 2]] as [number, number, number];
      if ([queueId, minOffset, next].every((number) => Number.isSafeInteger(number) && number >= 0)) found.push({ topic, queueId, minOffset, next });
    }
  }
  return found;
}

/** Reads a command; undefined for one of a later version. */
export function readQueueCommand(body: unknown): QueueCommand | undefined {
  if (!Array.isArray(body)) return undefined;
  const [kind, topic, queueId, next] = body as unknown[];
  if (kind === kindStates) return { kind: 'states', states: readStates(body) };
  if (typeof topic !== 'string') return undefined;
  if (kind === kindRemoveTopic) return { kind: 'removeTopic', topic };
  if (typeof queueId !== 'number' || !Number.isInteger(queueId) || queueId < 0) return undefined;
  if (kind === kindForget) return { kind: 'forget', topic, queueId };
  if (kind === kindRenew) return { kind: 'renew', topic, queueId };
  if (kind === kindBegin && typeof next === 'number' && Number.isSafeInteger(next) && next >= 0) return { kind: 'begin', topic, queueId, next };
  return undefined;
}
