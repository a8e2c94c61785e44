import { checkRecord, physicalOffsetAt, RecordLimits, RecordView } from '@kitemq/protocol';

/** Bytes of the filler's head, which every segment must have room for at its end. */
export const fillerBytes: number = RecordLimits.fillerBytesMin;

/** The first bytes of a record that tell its size, place and store time, whatever its hosts; no record is shorter. */
export const recordHeadBytes = 80;

/** The unit that a disk writes completely or not at all. */
const sectorBytes = 512;

/** True when there is exactly one sound record (lengths, CRC, no lost sector) in [offset, offset + size), made for log position `position`. */
export function isWholeRecord(bytes: Uint8Array, offset: number, size: number, position: number): boolean {
  if (size <= 0 || checkRecord(bytes, offset, offset + size) !== size || physicalOffsetAt(bytes, offset) !== position) return false;
  return !hasLostSector(bytes, offset, size, position);
}

const view = new RecordView();

/**
 * The CRC is of the body only. A power cut may keep the sectors with the head and the body, and lose the one with (the end of) the topic
 * or the properties: the file was extended with zeros there, so that part of them is all zeros.
 */
function hasLostSector(bytes: Uint8Array, offset: number, size: number, position: number): boolean {
  view.moveTo(bytes, offset, offset + size);
  const { propertiesStart, propertiesEnd } = view;
  const topicEnd = propertiesStart - 2;
  const shift = position - offset;
  return isLost(bytes, { start: topicEnd - view.topicBytes.length, end: topicEnd, shift }) || isLost(bytes, { start: propertiesStart, end: propertiesEnd, shift });
}

/** True when all that [start, end) has of some sector is zero; byte `i` of the array is at log position `i + shift`. */
function isLost(bytes: Uint8Array, range: { readonly start: number; readonly end: number; readonly shift: number }): boolean {
  for (let at = range.start; at < range.end; ) {
    const next = Math.min(range.end, at + sectorBytes - ((at + range.shift) % sectorBytes));
    let zero = at;
    while (zero < next && bytes[zero] === 0) zero++;
    if (zero === next) return true;
    at = next;
  }
  return false;
}

/** The body of a whole record, as a view. */
export function bodyOf(record: Uint8Array): Uint8Array {
  view.moveTo(record, 0);
  return view.body;
}
