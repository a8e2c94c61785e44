import { pack } from 'msgpackr';
import type { ConsumeQueue } from './consume-queue.ts';
import { queueStatesCommand } from './queue-commands.ts';
import type { SystemLog } from './system-log.ts';
import { SystemTopic } from './system-topics.ts';
import { snapshotBodyBytesMax } from './view.ts';

/** Most that the numbers of a queue take in msgpack, and a topic besides its name. */
const stateBytesMax = 24;
const topicOverheadMax = 16;

/**
 * Logs where the queues begin and end, in as few records as their size allows, one after the other. What is said is read in the turn in which its
 * record is appended, so that it is true at that place of the log: nothing of queues that are not `isCurrent` by then.
 */
export async function logQueueStates(
  log: SystemLog,
  queues: Iterable<ConsumeQueue>,
  isCurrent: (queue: ConsumeQueue) => boolean,
  minOffsetOf: (queue: ConsumeQueue) => number = (queue) => queue.minOffset,
): Promise<void> {
  let body: unknown[] = [];
  let states: number[] = [];
  let topic: string | undefined;
  const bytesMax = Math.min(log.bodyBytesMax, snapshotBodyBytesMax);
  let room = bytesMax;
  const flush = async (): Promise<void> => {
    if (body.length === 0) return;
    const packed = pack(queueStatesCommand(body));
    body = [];
    topic = undefined;
    room = bytesMax;
    await log.append(SystemTopic.queues, packed);
  };
  for (const queue of queues) {
    const name = queue.topicQueues.topic;
    const needed = stateBytesMax + (name === topic ? 0 : topicOverheadMax + Buffer.byteLength(name));
    if (needed > room) await flush();
    if (!isCurrent(queue)) continue;
    if (name !== topic) {
      topic = name;
      states = [];
      body.push(name, states);
    }
    states.push(queue.queueId, minOffsetOf(queue), queue.next);
    room -= needed;
  }
  await flush();
}
