import { KiteError } from '@kitemq/runtime';
import { Packr } from '#msgpackr';
import { FrameLimits, SerializeType } from '../frame.ts';
import type { OutgoingFrame } from '../frame.ts';
import { compileHeader, fieldToText } from '../header/compiled-header.ts';
import type { FastBuffer } from '../header/fast-buffer.ts';
import { headerId, knownHeader } from '../header/known-headers.ts';
import { MsgpackExt } from '../header/msgpack-ext.ts';
import type { MsgpackScalar } from '../header/msgpack-ext.ts';
import { stepOverMsgpack } from '../header/msgpack-walk.ts';
import { DecodedFrame } from './decoded-frame.ts';
import { frameInvalid } from './frame-error.ts';

/** Plain MessagePack: no records, no maps. See build.mjs for where it comes from. */
const packr = new Packr({ useRecords: false, int64AsType: 'number', moreTypes: false });

/** Parts of a header: code, language, version, opaque, flag, remark, header id, values, pairs. */
const partCount = 9;

/**
 * The header is one array: `[code, language, version, opaque, flag, remark | nil, header id, [values by position], [key, value, …]]`.
 * The header id (see {@link headerId}) is 0 when the values belong to no table; a table may grow at its end.
 */
export function decodeMsgpackHeader(buffer: FastBuffer, start: number, end: number): DecodedFrame {
  if (stepOverMsgpack(buffer, start, end, 2 * FrameLimits.extFieldsMax) !== end) throw frameInvalid('its MessagePack header is broken');
  const parts: unknown = packr.unpack(buffer.subarray(start, end));
  if (!Array.isArray(parts) || parts.length !== partCount) throw frameInvalid('its MessagePack header has other parts');
  const [code, language, version, opaque, flag, remark, schemaId, values, pairs] = parts as unknown[];
  if (!isInt32(opaque)) throw frameInvalid('opaque is not a number');
  if (!isInt32(flag)) throw frameInvalid('flag is not a number');
  const known = { opaque, flag };
  if (!isInt32(code) || !isInt32(language) || !isInt32(version)) throw frameInvalid('code, language or version is not a number', known);
  if (remark !== null && typeof remark !== 'string') throw frameInvalid('remark is no text', known);
  if (typeof schemaId !== 'number' || !isScalars(values) || !isScalars(pairs) || pairs.length % 2 !== 0) throw frameInvalid('its fields are broken', known);
  const frame = new DecodedFrame(SerializeType.msgpack, opaque, flag, new MsgpackExt(schemaId, values, pairs));
  frame.code = code;
  frame.language = language;
  frame.version = version;
  if (remark !== null) frame.remark = remark;
  return frame;
}

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && value === (value | 0);
}

function isScalars(values: unknown): values is MsgpackScalar[] {
  return Array.isArray(values) && values.every((value) => !Array.isArray(value));
}

/** UTF-8 of a UTF-16 unit. */
const bytesPerUnitMax = 3;
const fixedBytesMax = 64;
/** Length bytes of a text, or a number. */
const perFieldBytes = 12;

export function msgpackHeaderSizeMax(frame: OutgoingFrame): number {
  let bytes = fixedBytesMax + bytesPerUnitMax * (frame.remark?.length ?? 0);
  if (frame.schema !== undefined && frame.values !== undefined) {
    for (const field of compileHeader(frame.schema).fields) {
      const value = frame.values[field.name];
      bytes += perFieldBytes * 2 + field.wireName.length * bytesPerUnitMax + (typeof value === 'string' ? bytesPerUnitMax * value.length : perFieldBytes);
    }
  }
  if (frame.ext !== undefined) {
    for (const key of Object.keys(frame.ext)) bytes += bytesPerUnitMax * (key.length + frame.ext[key]!.length) + perFieldBytes * 2;
  }
  return bytes;
}

/** Writes the header at `offset`, returns the offset behind it. */
export function writeMsgpackHeader(buffer: FastBuffer, offset: number, frame: OutgoingFrame): number {
  const { schema, values } = frame;
  const id = schema === undefined ? 0 : headerId(schema);
  const positional: unknown[] = [];
  const pairs: string[] = [];
  if (schema !== undefined && values !== undefined) {
    const known = knownHeader(id) === schema;
    for (const field of compileHeader(schema).fields) {
      const text = fieldToText(schema, field, values[field.name]);
      if (known) positional.push(values[field.name] ?? null);
      else if (text !== undefined) pairs.push(field.wireName, text);
    }
    while (positional.length > 0 && positional.at(-1) === null) positional.pop();
  }
  for (const key of Object.keys(frame.ext ?? {})) pairs.push(key, frame.ext![key]!);
  const packed = packr.pack([frame.code, frame.language, frame.version, frame.opaque, frame.flag, frame.remark ?? null, id, positional, pairs]);
  if (packed.length > buffer.length - offset) throw new KiteError('KITE_BUFFER_TOO_SMALL', `A header of ${packed.length} bytes does not fit in ${buffer.length - offset}`);
  buffer.set(packed, offset);
  return offset + packed.length;
}
