import * as fc from 'fast-check';
import { allCommands, encodeFrameHead, frameHeadSizeMax, SerializeType } from '../src/index.ts';
import type { HeaderSchema, OutgoingFrame } from '../src/index.ts';

/** All headers of all commands, once each. */
export const allHeaders: HeaderSchema[] = [...new Set(allCommands().flatMap((command) => [command.request, command.response] as HeaderSchema[]))];

export const serializeTypes = [SerializeType.json, SerializeType.rocketmq, SerializeType.msgpack] as const;

export function outgoing(changes: Partial<OutgoingFrame> = {}): OutgoingFrame {
  return {
    serializeType: SerializeType.json, code: 0, language: 13, version: 513, opaque: 0, flag: 0, remark: undefined, schema: undefined, values: undefined, ext: undefined, bodyLength: 0,
    ...changes,
  };
}

/** A whole frame: head and body. */
export function encodeWhole(frame: OutgoingFrame, body: Uint8Array = new Uint8Array(0)): Buffer {
  const target = Buffer.alloc(frameHeadSizeMax(frame));
  return Buffer.concat([target.subarray(0, encodeFrameHead(target, 0, { ...frame, bodyLength: body.length })), body]);
}

/** Well-formed text of any characters; lone surrogates cannot be told from U+FFFD in UTF-8. */
export const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  fc.constantFrom('', 'T1', 'TBW102', '__proto__', 'k\u0001v\u0002', '"\\\u0000', 'x'.repeat(300)),
);

const long = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 1_700_000_000_000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER));
const int = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2_147_483_647, -2_147_483_648));

/** Values of a header. Empty text is left out: a binary header cannot tell it from no text. */
export function headerValues(schema: HeaderSchema): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const [name, field] of Object.entries(schema.fields)) {
    const text = anyText.filter((value) => value !== '');
    const value: fc.Arbitrary<unknown> = field.kind === 'string' ? text : field.kind === 'boolean' ? fc.boolean() : field.kind === 'int' ? int : long;
    fields[name] = field.required ? value : fc.option(value, { nil: undefined });
  }
  return fc.record(fields);
}
