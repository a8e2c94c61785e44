import type { ConsumeQueue } from './consume-queue.ts';
import type { View } from './view.ts';

/** The queues of one topic, and what the append path needs to know of the topic. */
export class TopicQueues {
  readonly topic: string;
  /** The topic in UTF-8, as records hold it. */
  readonly bytes: Buffer;
  /** By queue id. */
  readonly queues: Map<number, ConsumeQueue> = new Map();
  /** Views that want the records of this very topic. */
  readonly views: readonly View[];

  constructor(topic: string, views: readonly View[]) {
    this.topic = topic;
    this.bytes = Buffer.from(topic, 'utf8');
    this.views = views;
  }
}
