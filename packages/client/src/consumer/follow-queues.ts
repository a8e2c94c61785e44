import type { Deferred, Runtime } from '@kitemq/runtime';
import { Backoff, deferred, KiteError, sleep, TaskScope } from '@kitemq/runtime';
import type { MessageQueue } from '../admin/types.ts';
import type { Message } from '../message/message.ts';
import type { PullResult } from './puller.ts';

export interface FollowHost {
  readonly runtime: Runtime;
  readonly group: string;
  start(queue: MessageQueue, signal: AbortSignal): Promise<number>;
  pull(queue: MessageQueue, offset: number, signal: AbortSignal): Promise<PullResult>;
}

/** Messages of one pull, and who waits until they were taken. */
interface Batch {
  readonly messages: readonly Message[];
  readonly taken: Deferred<void>;
}

/** First and longest wait after an error, ms. */
const ERROR_WAIT_MS = { first: 100, max: 5_000 };

/** Reads several queues side by side and hands their messages out one by one; each queue pulls on when its last batch was taken. */
export async function* followQueues(host: FollowHost, queues: readonly MessageQueue[], ending: AbortSignal): AsyncGenerator<Message> {
  const { timers, logger } = host.runtime;
  const ready: Batch[] = [];
  let current: Batch | undefined;
  let waiting: Deferred<void> | undefined;
  const wake = (): void => waiting?.resolve();
  const offer = (messages: readonly Message[]): Promise<void> => {
    const batch = { messages, taken: deferred<void>() };
    ready.push(batch);
    wake();
    return batch.taken.promise;
  };
  const scope = new TaskScope({ timers, onError: (error, task) => logger.error({ group: host.group, task, error }, 'following a queue failed') });
  ending.addEventListener('abort', wake, { once: true });
  try {
    for (const queue of queues) scope.run(`follow ${queue.topic} ${queue.brokerName} ${queue.queueId}`, (signal) => followQueue(host, queue, offer, signal));
    while (!ending.aborted) {
      current = ready.shift();
      if (current === undefined) {
        waiting = deferred();
        await waiting.promise;
        continue;
      }
      for (const message of current.messages) {
        if (ending.aborted) return;
        yield message;
      }
      current.taken.resolve();
    }
  } finally {
    ending.removeEventListener('abort', wake);
    const closing = scope.close();
    current?.taken.resolve();
    for (const batch of ready) batch.taken.resolve();
    await closing;
  }
}

async function followQueue(host: FollowHost, queue: MessageQueue, offer: (messages: readonly Message[]) => Promise<void>, signal: AbortSignal): Promise<void> {
  const { random, timers, logger } = host.runtime;
  const backoff = new Backoff({ random, firstMs: ERROR_WAIT_MS.first, maxMs: ERROR_WAIT_MS.max });
  let next: number | undefined;
  while (!signal.aborted) {
    try {
      next ??= await host.start(queue, signal);
      const result: PullResult = await host.pull(queue, next, signal);
      next = result.next;
      backoff.reset();
      if (result.messages.length > 0) await offer(result.messages);
    } catch (error) {
      if (signal.aborted || KiteError.is(error, 'KITE_CLIENT_CLOSED')) return;
      logger.warn({ group: host.group, ...queue, error }, 'pulling failed; it goes on');
      await sleep(timers, backoff.next(), signal);
    }
  }
}
