import { RecordLimits, RecordOffset, recordSizeAt, RecordView } from '@kitemq/protocol';
import { writeUint53 } from '../views/row-key.ts';

/**
 * The body of a record in the topic of carried messages: whole records one behind the other. Topic, queue, queue offset, times and content of each are
 * those of its message; the physical offset is the record's new place, inside of the record that carries it. So what readers are given is
 * a slice of the log as everywhere, and nothing else tells them that the message was moved.
 */
export function placeCarried(body: Buffer, bodyPosition: number): void {
  for (let at = 0; at < body.length; at += recordSizeAt(body, at)) writeUint53(body, at + RecordOffset.physicalOffset, bodyPosition + at);
}

/**
 * Visits the records in such a body, whose checksum was found right. One view is moved from record to record; `at` is where it lies in the body.
 * @throws KiteError `KITE_RECORD_ILLEGAL` for what is no record
 */
export function forCarried(body: Uint8Array, visit: (view: RecordView, at: number) => void): void {
  const view = new RecordView();
  for (let at = 0; at + RecordLimits.recordBytesMin <= body.length; at += view.size) {
    view.moveTo(body, at);
    visit(view, at);
  }
}
