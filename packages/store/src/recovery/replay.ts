import { MessageSysFlag, PropertyKey, PropertyName, tagsCodeOf, type RecordView } from '@kitemq/protocol';
import type { LogRecord } from '../views/log-record.ts';
import type { ScannedRecord } from './record-scanner.ts';
import { TopicTexts } from './topic-texts.ts';

const innerNumKey = new PropertyKey(PropertyName.innerNum);

/** An inner batch says how many messages it has; they are at most what fits in a body. */
function innerCount(view: RecordView): number {
  const count = Number(innerNumKey.find(view.propertiesBytes) ?? 1);
  return Number.isInteger(count) && count >= 1 && count <= view.bodyLength ? count : 1;
}

/** Turns stored bytes into what views apply. */
export class RecordParser {
  readonly #topics = new TopicTexts();

  /** Fills `record` from the whole valid record that the scanner stands at. */
  parse(record: LogRecord, found: ScannedRecord): void {
    const { view, buffer } = found;
    const { sysFlag } = view;
    const transaction = sysFlag & MessageSysFlag.transactionMask;
    const hasEntry = transaction === MessageSysFlag.transactionNot || transaction === MessageSysFlag.transactionCommit;
    record.position = found.position;
    record.size = found.size;
    record.topic = this.#topics.find(buffer, view.topicStart, view.topicEnd);
    record.queueId = view.queueId;
    record.queueOffset = hasEntry ? view.queueOffset : -1;
    record.count = hasEntry && (sysFlag & MessageSysFlag.innerBatch) !== 0 ? innerCount(view) : 1;
    record.tagsCode = tagsCodeOf(buffer, view.propertiesStart, view.propertiesEnd);
    record.storeTimestamp = view.storeTimestamp;
    record.live = false;
    record.queue = undefined;
    record.block = buffer;
    record.blockOffset = found.offset;
  }
}
