import type { ConsumeQueue } from './consume-queue.ts';
import { isStoreTopic } from './system-topics.ts';
import { hashOfTopic } from './key-hash.ts';
import type { View } from './view.ts';

/** The queues of one topic, and what the append path needs to know of the topic. */
export class TopicQueues {
  readonly topic: string;
  /** The topic in UTF-8, as records hold it. */
  readonly bytes: Buffer;
  /** What the hashes of its keys begin with. */
  readonly keyHash: number;
  /** By queue id. */
  readonly queues: Map<number, ConsumeQueue> = new Map();
  /** Views that want the records of this very topic. */
  readonly views: readonly View[];
  /** It holds the store's own records, no messages. */
  readonly isOwn: boolean;

  constructor(topic: string, views: readonly View[]) {
    this.topic = topic;
    this.bytes = Buffer.from(topic, 'utf8');
    this.keyHash = hashOfTopic(this.bytes);
    this.views = views;
    this.isOwn = isStoreTopic(topic);
  }
}
