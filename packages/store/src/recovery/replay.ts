import { MessageSysFlag, PropertyKey, PropertyName, RecordView, tagsCodeOf } from '@kitemq/protocol';
import type { LogRecord } from '../views/log-record.ts';

const innerNumKey = new PropertyKey(PropertyName.innerNum);

/** An inner batch says how many messages it has; they are at most what fits in a body. */
function innerCount(view: RecordView): number {
  const count = Number(innerNumKey.find(view.propertiesBytes) ?? 1);
  return Number.isInteger(count) && count >= 1 && count <= view.bodyLength ? count : 1;
}

/** Turns stored bytes into what views apply. */
export class RecordParser {
  readonly #view = new RecordView();
  /** Records of one topic often follow each other: its text is made once. */
  #topicBytes: Buffer = Buffer.alloc(0);
  #topic = '';

  /** Fills `record` from the whole valid record in the buffer. */
  parse(record: LogRecord, buffer: Buffer, offset: number, place: { readonly size: number; readonly position: number }): void {
    const view = this.#view;
    view.moveTo(buffer, offset, offset + place.size);
    const topicBytes = view.topicBytes;
    if (!this.#topicBytes.equals(topicBytes)) {
      this.#topicBytes = Buffer.from(topicBytes);
      this.#topic = this.#topicBytes.toString('utf8');
    }
    const transaction = view.sysFlag & MessageSysFlag.transactionMask;
    const hasEntry = transaction === MessageSysFlag.transactionNot || transaction === MessageSysFlag.transactionCommit;
    record.position = place.position;
    record.size = place.size;
    record.topic = this.#topic;
    record.queueId = view.queueId;
    record.queueOffset = hasEntry ? view.queueOffset : -1;
    record.count = hasEntry && (view.sysFlag & MessageSysFlag.innerBatch) !== 0 ? innerCount(view) : 1;
    record.tagsCode = tagsCodeOf(view.propertiesBytes);
    record.storeTimestamp = view.storeTimestamp;
    record.live = false;
    record.queue = undefined;
  }
}
