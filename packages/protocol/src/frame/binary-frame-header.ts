import { FrameLimits, SerializeType } from '../frame.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { sharedScan, ValueForm } from '../header/field-scan.ts';
import type { FieldScan } from '../header/field-scan.ts';
import { ScannedExt } from '../header/scanned-ext.ts';
import { readInt16, readInt32 } from '../record/int64.ts';
import { DecodedFrame } from './decoded-frame.ts';
import { frameInvalid } from './frame-error.ts';

/** Code, language, version, opaque, flag and the two length fields. */
const headerBytesMin = 21;

/** Decodes the ROCKETMQ header in `[start, end)`. Codes beyond 16 bits arrive truncated: that is what the format does to them. */
export function decodeBinaryHeader(buffer: FastBuffer, start: number, end: number): DecodedFrame {
  if (end - start < headerBytesMin) throw frameInvalid('its binary header is too short');
  const opaque = readInt32(buffer, start + 5);
  const flag = readInt32(buffer, start + 9);
  const remarkStart = start + 17;
  const remarkBytes = readInt32(buffer, start + 13);
  if (remarkBytes < 0 || remarkBytes > end - remarkStart - 4) throw frameInvalid('its remark is longer than the header', { opaque, flag });
  const extStart = remarkStart + remarkBytes + 4;
  const extBytes = readInt32(buffer, extStart - 4);
  if (extBytes < 0 || extBytes > end - extStart) throw frameInvalid('its text fields are longer than the header', { opaque, flag });
  const extEnd = extStart + extBytes;
  sharedScan.begin(buffer, true);
  const problem = scanBinaryFields(sharedScan, buffer, extStart, extEnd);
  if (problem !== undefined) throw frameInvalid(problem, { opaque, flag });
  const frame = new DecodedFrame(SerializeType.rocketmq, opaque, flag, new ScannedExt(buffer, extStart, extEnd, rescanBinaryFields));
  frame.code = readInt16(buffer, start);
  frame.language = (buffer[start + 2]! << 24) >> 24;
  frame.version = readInt16(buffer, start + 3);
  if (remarkBytes !== 0) frame.remark = buffer.utf8Slice(remarkStart, remarkStart + remarkBytes);
  return frame;
}

/** Walks the entries once, checking every length. Returns what is wrong, if anything. */
function scanBinaryFields(scan: FieldScan, buffer: FastBuffer, start: number, end: number): string | undefined {
  let at = start;
  while (at < end) {
    if (end - at < 6) return 'a text field is cut off';
    const nameStart = at + 2;
    const nameBytes = readInt16(buffer, at);
    const valueStart = nameStart + nameBytes + 4;
    if (nameBytes < 0 || valueStart > end) return 'the name of a text field is longer than the fields';
    const valueBytes = readInt32(buffer, valueStart - 4);
    if (valueBytes < 0 || valueBytes > end - valueStart) return 'a text field is longer than the fields';
    at = valueStart + valueBytes;
    if (!scan.add(nameStart, valueStart - 4, valueStart, at, ValueForm.plain)) return `more than ${FrameLimits.extFieldsMax} text fields`;
  }
  return undefined;
}

function rescanBinaryFields(scan: FieldScan, buffer: FastBuffer, start: number, end: number): void {
  scan.begin(buffer, true);
  scanBinaryFields(scan, buffer, start, end);
}
