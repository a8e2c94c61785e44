import { KiteError } from '@kitemq/runtime';
import { FrameLimits, SerializeType } from '../frame.ts';
import type { OutgoingFrame } from '../frame.ts';
import { asBuffer } from '../header/fast-buffer.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { writeInt32 } from '../record/int64.ts';
import { binaryHeaderSizeMax, writeBinaryHeader } from './binary-header-writer.ts';
import { jsonHeaderSizeMax, writeJsonHeader } from './json-header-writer.ts';
import { msgpackHeaderSizeMax, writeMsgpackHeader } from './msgpack-frame-header.ts';

const prefixBytes = 8;

/** A buffer with that many bytes left holds the head of `frame` for sure. An upper bound, cheap to compute, not the exact size. */
export function frameHeadSizeMax(frame: OutgoingFrame): number {
  switch (effectiveType(frame)) {
    case SerializeType.rocketmq:
      return prefixBytes + binaryHeaderSizeMax(frame);
    case SerializeType.msgpack:
      return prefixBytes + msgpackHeaderSizeMax(frame);
    default:
      return prefixBytes + jsonHeaderSizeMax(frame);
  }
}

/**
 * Writes length, type and header of `frame` at `offset` and returns the offset behind them; `frame.bodyLength` bytes of body follow.
 * A code that a ROCKETMQ header cannot carry (more than 16 bits: all pop requests) goes out with a JSON header.
 * @throws KiteError `KITE_HEADER_INVALID` for a missing required value, `KITE_FRAME_TOO_LARGE` beyond the limit every peer enforces,
 *   `KITE_BUFFER_TOO_SMALL` when the target may not hold it. Nothing is to be sent then.
 */
export function encodeFrameHead(target: Uint8Array, offset: number, frame: OutgoingFrame): number {
  const buffer = asBuffer(target);
  if (buffer.length - offset < prefixBytes) throw new KiteError('KITE_BUFFER_TOO_SMALL', `No frame fits in ${buffer.length - offset} bytes`);
  const type = effectiveType(frame);
  const headerStart = offset + prefixBytes;
  const end = writeHeader(type, buffer, headerStart, frame);
  const headerBytes = end - headerStart;
  const length = 4 + headerBytes + frame.bodyLength;
  if (length + 4 > FrameLimits.frameBytesMax || headerBytes > FrameLimits.headerBytesMax) {
    throw new KiteError('KITE_FRAME_TOO_LARGE', `A frame of ${length + 4} bytes is over the limit of ${FrameLimits.frameBytesMax}: send less at once`, {
      details: { code: frame.code, opaque: frame.opaque },
    });
  }
  writeInt32(buffer, offset, length);
  writeInt32(buffer, offset + 4, (type << 24) | headerBytes);
  return end;
}

function writeHeader(type: SerializeType, buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  switch (type) {
    case SerializeType.rocketmq:
      return writeBinaryHeader(buffer, offset, frame);
    case SerializeType.msgpack:
      return writeMsgpackHeader(buffer, offset, frame);
    default:
      return writeJsonHeader(buffer, offset, frame);
  }
}

function effectiveType(frame: OutgoingFrame): SerializeType {
  if (frame.serializeType === SerializeType.rocketmq && frame.code !== (frame.code << 16) >> 16) return SerializeType.json;
  return frame.serializeType;
}
