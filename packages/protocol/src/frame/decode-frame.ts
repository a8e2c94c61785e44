import { FrameLimits, SerializeType } from '../frame.ts';
import type { Frame } from '../frame.ts';
import { asBuffer } from '../header/fast-buffer.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { readInt32 } from '../record/int64.ts';
import { decodeBinaryHeader } from './binary-frame-header.ts';
import type { DecodedFrame } from './decoded-frame.ts';
import { frameInvalid } from './frame-error.ts';
import { decodeJsonHeader } from './json-frame-header.ts';
import { decodeMsgpackHeader } from './msgpack-frame-header.ts';

/** Length field, type and header length. */
export const framePrefixBytes = 8;

/**
 * Decodes one whole frame, its length field included, that lies in `[start, end)` of `bytes`. Body and text fields are views into
 * `bytes`: they are good as long as those bytes are.
 * @throws KiteError `KITE_FRAME_INVALID`, with `details.opaque` when it could be read
 */
export function decodeFrame(bytes: Uint8Array, start: number, end: number): Frame {
  if (start < 0 || end > bytes.length || end - start < framePrefixBytes) throw frameInvalid(`${end - start} bytes are too few`);
  const buffer = asBuffer(bytes);
  const length = readInt32(buffer, start);
  if (length !== end - start - 4) throw frameInvalid(`it says ${length} bytes and has ${end - start - 4}`);
  const typeAndLength = readInt32(buffer, start + 4);
  const headerStart = start + framePrefixBytes;
  const headerEnd = headerStart + (typeAndLength & FrameLimits.headerBytesMax);
  if (headerEnd > end) throw frameInvalid('its header is longer than the frame');
  const frame = decodeHeader(buffer, typeAndLength >>> 24, headerStart, headerEnd);
  if (headerEnd < end) frame.body = buffer.subarray(headerEnd, end);
  return frame;
}

function decodeHeader(buffer: FastBuffer, type: number, start: number, end: number): DecodedFrame {
  switch (type) {
    case SerializeType.json:
      return decodeJsonHeader(buffer, start, end);
    case SerializeType.rocketmq:
      return decodeBinaryHeader(buffer, start, end);
    case SerializeType.msgpack:
      return decodeMsgpackHeader(buffer, start, end);
    default:
      throw frameInvalid(`serialize type ${type} is unknown`);
  }
}
