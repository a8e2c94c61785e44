import { physicalOffsetAt, RecordLimits, RecordView } from '@kitemq/protocol';

/** Bytes of the filler's head, which every segment must have room for at its end. */
export const fillerBytes: number = RecordLimits.fillerBytesMin;

/** Records up to this size are read whatever the largest message is now: it may have been larger before. */
export const storedRecordBytesMax: number = 64 * 1024 * 1024;

/** The first bytes of a record that tell its size, place and store time, whatever its hosts; no record is shorter. */
export const recordHeadBytes = 80;

/** The unit that a disk writes completely or not at all. */
const sectorBytes = 512;

const ownView = new RecordView();

/**
 * True when there is exactly one sound record (lengths, CRC, no lost sector) in [offset, offset + size), made for log position `position`.
 * Then `view` is moved to it.
 */
export function isWholeRecord(bytes: Uint8Array, offset: number, size: number, position: number, view: RecordView = ownView): boolean {
  if (size <= 0 || view.moveToSound(bytes, offset, offset + size) !== size || physicalOffsetAt(bytes, offset) !== position) return false;
  return !hasLostSector(bytes, view, position - offset);
}

/**
 * The CRC is of the body only. A power cut may keep the sectors with the head and the body, and lose the one with (the end of) the topic
 * or the properties: the file was extended with zeros there, so that part of them is all zeros.
 */
function hasLostSector(bytes: Uint8Array, view: RecordView, shift: number): boolean {
  return isLost(bytes, view.topicStart, view.topicEnd, shift) || isLost(bytes, view.propertiesStart, view.propertiesEnd, shift);
}

/** True when all that [start, end) has of some sector is zero; byte `i` of the array is at log position `i + shift`. */
function isLost(bytes: Uint8Array, start: number, end: number, shift: number): boolean {
  for (let at = start; at < end; ) {
    // Nearly always the first byte decides, and the rest is in the same sector.
    const next = Math.min(end, at + sectorBytes - ((at + shift) % sectorBytes));
    let zero = at;
    while (zero < next && bytes[zero] === 0) zero++;
    if (zero === next) return true;
    at = next;
  }
  return false;
}

/** The body of a whole record, as a view. */
export function bodyOf(record: Uint8Array): Uint8Array {
  ownView.moveTo(record, 0);
  return ownView.body;
}
