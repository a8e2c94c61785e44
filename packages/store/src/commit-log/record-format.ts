import { checkRecord, physicalOffsetAt, RecordLimits, RecordView } from '@kitemq/protocol';

/** Bytes of the filler's head, which every segment must have room for at its end. */
export const fillerBytes: number = RecordLimits.fillerBytesMin;

/** The first bytes of a record that tell its size, place and store time, whatever its hosts; no record is shorter. */
export const recordHeadBytes = 80;

/** True when there is exactly one sound record (lengths, CRC) in [offset, offset + size), made for log position `position`. */
export function isWholeRecord(bytes: Uint8Array, offset: number, size: number, position: number): boolean {
  return size > 0 && checkRecord(bytes, offset, offset + size) === size && physicalOffsetAt(bytes, offset) === position;
}

const view = new RecordView();

/** The body of a whole record, as a view. */
export function bodyOf(record: Uint8Array): Uint8Array {
  view.moveTo(record, 0);
  return view.body;
}
