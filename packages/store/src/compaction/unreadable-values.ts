import { KiteError } from '@kitemq/runtime';

/** Where a message was. */
export interface UnreadableValue {
  readonly topic: string;
  readonly queueId: number;
  readonly offset: number;
}

/** Latest messages of keys that the disk does not give back. All others were carried over: only these would be lost with their segments. */
export class UnreadableValues extends KiteError {
  constructor(count: number, first: UnreadableValue, cause: Error) {
    const { topic, queueId, offset } = first;
    const what = `${count} messages that compaction has to keep cannot be read, first offset ${offset} of ${topic} queue ${queueId}`;
    super('KITE_STORE_UNREADABLE', `${what}; their segments stay until they can be, or the disk is nearly full`, { cause, retryable: true, details: { count, ...first } });
  }
}
