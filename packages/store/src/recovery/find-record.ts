import { magicAt, physicalOffsetAt, RecordMagic, recordSizeAt } from '@kitemq/protocol';
import { isWholeRecord } from '../commit-log/record-format.ts';
import type { ScannedSegment } from './record-scanner.ts';

const windowBytes = 1024 * 1024;
const magicOffset = 4;
/** A record's head up to its physical offset: enough to tell whether it may be one. */
const headBytes = 36;

/** The magic numbers differ in their last byte. */
const magicStart: Buffer = ((): Buffer => {
  const magic = Buffer.alloc(4);
  magic.writeInt32BE(RecordMagic.v1);
  return magic.subarray(0, 3);
})();

/**
 * The first valid record of the segment at or behind log position `from`, undefined when there is none. A record says where it begins
 * (its physical offset), so bytes that only look like one are not taken for it.
 */
export function findRecord(segment: ScannedSegment, from: number, recordBytesMax: number): number | undefined {
  const length = segment.file.sizeSync();
  const buffer = Buffer.allocUnsafe(Math.min(windowBytes, Math.max(headBytes, length)));
  for (let at = from - segment.start; at + headBytes <= length; ) {
    const read = segment.file.readSync(buffer, 0, Math.min(buffer.length, length - at), at);
    if (read < headBytes) return undefined;
    for (let hit = buffer.subarray(0, read).indexOf(magicStart); hit >= 0; hit = buffer.subarray(0, read).indexOf(magicStart, hit + 1)) {
      const candidate = hit - magicOffset;
      if (candidate < 0 || candidate + headBytes > read) continue;
      const position = segment.start + at + candidate;
      const magic = magicAt(buffer, candidate);
      const size = recordSizeAt(buffer, candidate);
      if ((magic !== RecordMagic.v1 && magic !== RecordMagic.v2) || physicalOffsetAt(buffer, candidate) !== position) continue;
      if (size < headBytes || size > recordBytesMax || at + candidate + size > length || position + size > segment.end) continue;
      const record = Buffer.allocUnsafe(size);
      if (segment.file.readSync(record, 0, size, at + candidate) === size && isWholeRecord(record, 0, size, position)) return position;
    }
    // The next window overlaps, so that a head cut by this one is whole there.
    if (read < buffer.length) return undefined;
    at += read - headBytes + 1;
  }
  return undefined;
}
