import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import {
  allCommands, checkRecord, decodeBatch, decodeMessages, decodeProperties, decodePropertyBytes, decodeRecord, encodeBatch, encodeHost, encodeProperties, encodeRecord, hashOfUtf8,
  hostText, javaHashCode, PropertyKey, readProperties, RecordCheck, recordSize, recordSizeOf, tagsCodeOf, writeProperties,
} from '../src/index.ts';
import type { RecordFields, Struct } from '../src/index.ts';
import { anyText } from './support.ts';

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const int32 = fc.integer();
const long = fc.maxSafeInteger();
const host = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 65_535 })).map(([ip, port]) => encodeHost(ip, port));
const record: fc.Arbitrary<RecordFields> = fc.record({
  queueId: int32, flag: int32, queueOffset: long, physicalOffset: long, sysFlag: int32.map((flag) => flag & ~0x31), bornTimestamp: long, bornHost: host, storeTimestamp: long, storeHost: host,
  reconsumeTimes: int32, preparedTransactionOffset: long, body: bytes(300), topic: fc.oneof(bytes(20), fc.uint8Array({ minLength: 120, maxLength: 300 })), properties: bytes(100),
});

function encode(fields: RecordFields, before = 0, after = 0): Buffer {
  const target = Buffer.alloc(before + recordSizeOf(fields) + after, 0xee);
  expect(encodeRecord(target, before, fields)).toBe(recordSizeOf(fields));
  return target;
}

describe('records', () => {
  it('come back as they were, wherever they lie', () => {
    fc.assert(
      fc.property(record, fc.nat({ max: 40 }), fc.nat({ max: 40 }), (fields, before, after) => {
        const target = encode(fields, before, after);
        expect([...target.subarray(0, before), ...target.subarray(target.length - after)].every((byte) => byte === 0xee)).toBe(true);
        const size = checkRecord(target, before, target.length);
        expect(size).toBe(recordSize({ topic: fields.topic.length, body: fields.body.length, properties: fields.properties.length, bornHost: fields.bornHost.length, storeHost: fields.storeHost.length }));
        const view = decodeRecord(target, before);
        for (const key of ['queueId', 'flag', 'queueOffset', 'physicalOffset', 'bornTimestamp', 'storeTimestamp', 'reconsumeTimes', 'preparedTransactionOffset'] as const) expect(view[key], key).toBe(fields[key]);
        expect(view.sysFlag & ~0x30).toBe(fields.sysFlag);
        for (const [read, given] of [[view.body, fields.body], [view.topicBytes, fields.topic], [view.propertiesBytes, fields.properties], [view.bornHost, fields.bornHost], [view.storeHost, fields.storeHost]] as const) {
          expect(Buffer.compare(read, given)).toBe(0);
        }
      }),
    );
  });

  it('are refused when they are cut anywhere', () => {
    fc.assert(
      fc.property(record, fc.nat(), (fields, cut) => {
        const whole = encode(fields);
        const end = cut % whole.length;
        expect(checkRecord(whole, 0, end)).toBe(RecordCheck.cutOff);
        if (end > 0) expect(() => decodeMessages(whole.subarray(0, end))).toThrow(KiteError);
      }),
    );
  });

  it('show any change of a body byte', () => {
    fc.assert(
      fc.property(record.filter((fields) => fields.body.length > 0), fc.nat(), fc.integer({ min: 1, max: 255 }), (fields, at, change) => {
        const whole = encode(fields);
        const bodyStart = decodeRecord(whole).body.byteOffset - whole.byteOffset;
        whole[bodyStart + (at % fields.body.length)]! ^= change;
        expect(checkRecord(whole, 0, whole.length)).toBe(RecordCheck.badCrc);
      }),
    );
  });
});

describe('batches', () => {
  it('come back as they were, and no cut one is taken for whole elements it has not', () => {
    const message = fc.record({ flag: int32, body: bytes(60), properties: bytes(60) });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fc.nat(), (messages, cut) => {
        const whole = encodeBatch(messages);
        expect(decodeBatch(whole).map((item) => ({ flag: item.flag, body: [...item.body], properties: [...item.properties] }))).toEqual(
          messages.map((item) => ({ flag: item.flag, body: [...item.body], properties: [...item.properties] })),
        );
        try {
          expect(decodeBatch(whole.subarray(0, cut % (whole.length + 1))).length).toBeLessThanOrEqual(messages.length);
        } catch (error) {
          expect(KiteError.is(error, 'KITE_BATCH_INVALID')).toBe(true);
        }
      }),
    );
  });
});

describe('properties', () => {
  const part = anyText.filter((text) => text !== '' && !text.includes('\u0001') && !text.includes('\u0002'));

  it('come back as they were, all together and one by one', () => {
    fc.assert(
      fc.property(fc.dictionary(part, part), (properties) => {
        const text = encodeProperties(properties);
        expect({ ...decodeProperties(text) }).toEqual({ ...properties });
        const encoded = Buffer.from(text);
        expect({ ...decodePropertyBytes(encoded) }).toEqual({ ...properties });
        for (const name of Object.keys(properties)) expect(new PropertyKey(name).find(encoded)).toBe(properties[name]);
      }),
    );
  });

  it('of any text are found alike by both readers', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\u0001', '\u0002'), maxLength: 30 });
    fc.assert(
      fc.property(text, fc.constantFrom('a', 'ab', 'b', 'é', 'aa'), (any, name) => {
        expect(new PropertyKey(name).find(Buffer.from(any))).toBe(decodeProperties(any)[name]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('hash as Java does, from text and from bytes', () => {
    fc.assert(
      fc.property(part, (tag) => {
        const encoded = Buffer.from(tag);
        expect(hashOfUtf8(encoded, 0, encoded.length)).toBe(javaHashCode(tag));
        expect(tagsCodeOf(Buffer.from(encodeProperties({ KEYS: 'k', TAGS: tag })))).toBe(javaHashCode(tag));
      }),
    );
  });
});

it('.properties text comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyText.filter((key) => key !== ''), anyText)), (entries) => {
      expect(readProperties(writeProperties(entries)).map(({ key, value }) => [key, value])).toEqual(entries);
    }),
  );
});

it('hosts keep address and port', () => {
  fc.assert(fc.property(host, (encoded) => {
    const text = hostText(encoded);
    const colon = text.lastIndexOf(':');
    expect(encodeHost(text.slice(0, colon), Number(text.slice(colon + 1)))).toEqual(encoded);
  }));
});

describe('bodies of all commands', () => {
  const codecs = allCommands().flatMap((command) => [command.requestBody, command.responseBody]);
  const structs = [...new Set(codecs)].filter((codec): codec is Struct<any> => 'create' in codec);

  it.each(structs.map((shape) => [shape.name, shape] as const))('%s: what is left out reads as the default, and comes back', (_name, shape) => {
    const empty: unknown = shape.decode(Buffer.from('{}'));
    expect(empty).toEqual(shape.create());
    expect(shape.decode(shape.encode(shape.create()))).toEqual(empty);
    for (const text of ['[]', '1', '"x"', 'null', '']) expect(() => shape.decode(Buffer.from(text))).toThrow(KiteError);
    expect(() => shape.decode(undefined)).toThrow(KiteError);
  });

  it.each(structs.map((shape) => [shape.name, shape] as const))('%s: a value of another kind is refused or converted, never let through', (_name, shape) => {
    for (const key of Object.keys(shape.fields)) {
      for (const value of ['[[]]', '{"a":{}}', '"text"', '-1', '1.5', 'true', 'NaN']) {
        try {
          const read: unknown = shape.decode(Buffer.from(`{${JSON.stringify(key)}:${value}}`));
          expect(shape.decode(shape.encode(read as never))).toEqual(read);
        } catch (error) {
          expect(KiteError.is(error, 'KITE_BODY_INVALID')).toBe(true);
        }
      }
    }
  });
});
