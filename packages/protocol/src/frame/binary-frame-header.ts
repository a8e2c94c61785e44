import { FrameLimits, SerializeType } from '../frame.ts';
import { BinaryExt } from '../header/binary-ext.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { DecodedFrame } from './decode-frame.ts';
import { frameInvalid } from './frame-error.ts';
import type { ReadSoFar } from './frame-error.ts';

/** Code, language, version, opaque, flag and the two length fields. */
const headerBytesMin = 21;

/** Decodes the ROCKETMQ header in `[start, end)`. Codes beyond 16 bits arrive truncated: that is what the format does to them. */
export function decodeBinaryHeader(buffer: FastBuffer, start: number, end: number): DecodedFrame {
  if (end - start < headerBytesMin) throw frameInvalid('its binary header is too short');
  const known = { opaque: buffer.readInt32BE(start + 5), flag: buffer.readInt32BE(start + 9) };
  const remarkStart = start + 17;
  const remarkBytes = buffer.readInt32BE(start + 13);
  if (remarkBytes < 0 || remarkBytes > end - remarkStart - 4) throw frameInvalid('its remark is longer than the header', known);
  const extStart = remarkStart + remarkBytes + 4;
  const extBytes = buffer.readInt32BE(extStart - 4);
  if (extBytes < 0 || extBytes > end - extStart) throw frameInvalid('its text fields are longer than the header', known);
  const extEnd = extStart + extBytes;
  checkEntries(buffer, extStart, extEnd, known);
  const fixed = {
    code: buffer.readInt16BE(start),
    language: buffer.readInt8(start + 2),
    version: buffer.readInt16BE(start + 3),
    opaque: known.opaque,
    flag: known.flag,
    remark: remarkBytes === 0 ? undefined : buffer.utf8Slice(remarkStart, remarkStart + remarkBytes),
  };
  return new DecodedFrame(SerializeType.rocketmq, fixed, new BinaryExt(buffer, extStart, extEnd));
}

/** Walks the entries once, so that later reads in them need no check. */
function checkEntries(buffer: FastBuffer, start: number, end: number, known: ReadSoFar): void {
  let at = start;
  for (let count = 0; at < end; count++) {
    if (count === FrameLimits.extFieldsMax) throw frameInvalid(`more than ${FrameLimits.extFieldsMax} text fields`, known);
    if (end - at < 6) throw frameInvalid('a text field is cut off', known);
    const valueStart = at + 2 + buffer.readInt16BE(at) + 4;
    if (valueStart < at + 6 || valueStart > end) throw frameInvalid('the name of a text field is longer than the fields', known);
    const valueBytes = buffer.readInt32BE(valueStart - 4);
    if (valueBytes < 0 || valueBytes > end - valueStart) throw frameInvalid('a text field is longer than the fields', known);
    at = valueStart + valueBytes;
  }
}
