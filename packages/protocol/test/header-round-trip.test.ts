import * as fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import { decodeFrame, defineHeader, FrameSplitter, optional, required, SerializeType } from '../src/index.ts';
import { allHeaders, anyText, encodeWhole, headerValues, outgoing, serializeTypes } from './support.ts';

const runs = { numRuns: 25 };

describe.each(serializeTypes)('headers in serialize type %i', (serializeType) => {
  it.each(allHeaders.map((schema) => [schema.name, schema] as const))('%s comes back as it was', (_name, schema) => {
    fc.assert(
      fc.property(headerValues(schema), fc.option(anyText, { nil: undefined }), fc.integer(), (values, remark, opaque) => {
        const bytes = encodeWhole(outgoing({ serializeType, schema, values, remark, opaque, code: 310, flag: 1 }));
        const frame = decodeFrame(bytes, 0, bytes.length);
        expect(frame).toMatchObject({ serializeType, code: 310, language: 13, version: 513, opaque, flag: 1 });
        expect(frame.remark ?? '').toBe(remark ?? '');
        expect(frame.ext.read(schema)).toEqual(values);
        const texts = Object.entries(schema.fields).map(([name, field]) => [field.wireName ?? name, values[name] === undefined ? undefined : String(values[name])] as const);
        expect(texts.map(([key]) => [key, frame.ext.get(key)])).toEqual(texts);
        expect({ ...frame.ext.toObject() }).toEqual(Object.fromEntries(texts.filter(([, text]) => text !== undefined)));
      }),
      runs,
    );
  });

  it('further text fields come back, whatever their names', () => {
    const key = anyText.filter((text) => text !== '');
    fc.assert(
      fc.property(fc.dictionary(key, key, { noNullPrototype: false }), fc.uint8Array({ maxLength: 20 }), (ext, body) => {
        const bytes = encodeWhole(outgoing({ serializeType, ext }), body);
        const frame = decodeFrame(bytes, 0, bytes.length);
        expect({ ...frame.ext.toObject() }).toEqual({ ...ext });
        for (const name of Object.keys(ext)) expect(frame.ext.get(name)).toBe(ext[name]);
        expect(frame.ext.get('toString')).toBe(ext['toString'] === undefined || !Object.hasOwn(ext, 'toString') ? undefined : ext['toString']);
        expect([...(frame.body ?? [])]).toEqual([...body]);
      }),
    );
  });

  it('headers that belong to no command work too', () => {
    const own = defineHeader('Own', { a: required.int(), b: optional.string('bee') });
    const bytes = encodeWhole(outgoing({ serializeType, schema: own, values: { a: 5, b: 'x' } }));
    expect(decodeFrame(bytes, 0, bytes.length).ext.read(own)).toEqual({ a: 5, b: 'x' });
  });

  it('missing required fields are refused by strict headers only, bad numbers by all', () => {
    const table = { n: required.int(), s: required.string(), f: required.boolean() };
    const read = (ext: Record<string, string>, strict: boolean) => {
      const bytes = encodeWhole(outgoing({ serializeType, ext }));
      return decodeFrame(bytes, 0, bytes.length).ext.read(defineHeader('Some', table, { strict }));
    };
    expect(read({}, false)).toEqual({ n: 0, s: '', f: false });
    expect(() => read({ n: '1', s: 'x' }, true)).toThrow(KiteError);
    expect(read({ n: '+7', s: 'x', f: 'TRUE' }, true)).toEqual({ n: 7, s: 'x', f: true });
    for (const n of ['x', '1.5', '2147483648', '1e3', ' 1', '0x1', '--1', '-', '12345678901234567890']) expect(() => read({ n }, false)).toThrow(KiteError);
  });

  it('longs beyond 2^53 are clamped', () => {
    const header = defineHeader('Longs', { a: required.long(), b: required.long() });
    const bytes = encodeWhole(outgoing({ serializeType, ext: { a: '9223372036854775807', b: '-9223372036854775808' } }));
    expect(decodeFrame(bytes, 0, bytes.length).ext.read(header)).toEqual({ a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER });
  });

  it('values that cannot be sent are refused', () => {
    const header = defineHeader('Some', { n: required.int() });
    for (const values of [{}, { n: 1.5 }, { n: Number.NaN }, { n: 2 ** 60 }]) expect(() => encodeWhole(outgoing({ serializeType, schema: header, values }))).toThrow(KiteError);
  });
});

describe('JSON headers', () => {
  const decodeText = (text: string) => {
    const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(text)]);
    bytes.writeInt32BE(bytes.length - 4, 0);
    bytes.writeInt32BE(bytes.length - 8, 4);
    return decodeFrame(bytes, 0, bytes.length);
  };

  it('take numbers, booleans, null and objects as values of text fields', () => {
    const frame = decodeText('{"code":"10","opaque":1,"extFields":{"i":5,"b":true,"n":null,"o":{"x":[1]},"e":1e3},"language":9,"version":null,"unknown":[{}]}');
    expect(frame).toMatchObject({ code: 10, opaque: 1, language: 9, version: 0, flag: 0 });
    expect({ ...frame.ext.toObject() }).toEqual({ i: '5', b: 'true', o: '{"x":[1]}', e: '1000' });
    expect(frame.ext.get('n')).toBeUndefined();
  });

  it('take any order, white space, escapes and duplicates', () => {
    const frame = decodeText(' { "opaque" : -7 ,\n"extFields" : { "\\u0061" : "x\\ty\\u0001\\ud83d\\ude00é" , "d":"1", "d":"2" } , "fl\\u0061g":3, "remark":"r\\"" , "code":1,"code":2 } ');
    expect(frame).toMatchObject({ opaque: -7, flag: 3, remark: 'r"', code: 2 });
    expect({ ...frame.ext.toObject() }).toEqual({ a: 'x\ty\u0001😀é', d: '2' });
    expect([frame.ext.get('a'), frame.ext.get('d')]).toEqual(['x\ty\u0001😀é', '2']);
  });

  it('do not pollute prototypes', () => {
    const frame = decodeText('{"opaque":1,"__proto__":{"flag":1},"extFields":{"__proto__":"x","constructor":"y"}}');
    expect(frame.flag).toBe(0);
    expect(frame.ext.get('__proto__')).toBe('x');
    expect(frame.ext.get('hasOwnProperty')).toBeUndefined();
    expect(Object.keys(frame.ext.toObject())).toEqual(['__proto__', 'constructor']);
  });

  it.each(['', '[]', '1', 'null', '{', '{"code":1.5}', '{"opaque":"x"}', '{"extFields":[]}', '{"extFields":"x"}', '{"code":1}x', '{"code":1,}', '{"code":01}', '{"a":"\\x"}'])('refuse %j', (text) => {
    expect(() => decodeText(text)).toThrow(KiteError);
  });

  it('have a limit of text fields', () => {
    const ext = (count: number) => `{"opaque":5,"extFields":{${Array.from({ length: count }, (_, index) => `"k${index}":""`).join(',')}}}`;
    expect(Object.keys(decodeText(ext(1_024)).ext.toObject())).toHaveLength(1_024);
    expect(() => decodeText(ext(1_025))).toThrow(expect.objectContaining({ code: 'KITE_FRAME_INVALID', details: { opaque: 5, flag: 0 } }));
  });
});

describe('MSGPACK headers', () => {
  it('are plain MessagePack: the library reads them as they are documented', () => {
    const bytes = encodeWhole(outgoing({ serializeType: SerializeType.msgpack, code: 105, opaque: 7, remark: 'r', ext: { a: 'b' } }));
    expect(new Unpackr({ useRecords: false }).unpack(bytes.subarray(8))).toEqual([105, 13, 513, 7, 0, 'r', 0, [], ['a', 'b']]);
  });

  it.each(['ddffffffff', 'dfffffffff', 'd4720a', '9900000000c0009090', '99000d00c200c0009090', '9900000007c00090909100', 'dc0009', 'db7fffffff'])('refuse %s', (hex) => {
    const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(hex, 'hex')]);
    bytes.writeInt32BE(bytes.length - 4, 0);
    bytes.writeInt32BE((2 << 24) | (bytes.length - 8), 4);
    expect(() => decodeFrame(bytes, 0, bytes.length)).toThrow(KiteError);
  });
});

describe('FrameSplitter', () => {
  it('finds the frames of any stream cut anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), fc.array(fc.nat({ max: 90 }), { maxLength: 40 }), (bodies, cuts) => {
        const frames = bodies.map((body, index) => encodeWhole(outgoing({ opaque: index, serializeType: serializeTypes[index % 3]! }), body));
        let rest: Buffer = Buffer.concat(frames);
        const splitter = new FrameSplitter();
        const seen: Buffer[] = [];
        for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
          splitter.push(rest.subarray(0, cut));
          rest = rest.subarray(Math.min(cut, rest.length));
          while (splitter.next()) seen.push(splitter.buffer.subarray(splitter.start, splitter.end));
        }
        expect(seen.map((frame) => frame.toString('hex'))).toEqual(frames.map((frame) => frame.toString('hex')));
        expect(splitter.pendingBytes).toBe(0);
      }),
    );
  });

  it('puts a frame of megabytes together', () => {
    const body = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    const bytes = encodeWhole(outgoing({}), body);
    const splitter = new FrameSplitter();
    let found = false;
    for (let at = 0; at < bytes.length; at += 65_536) {
      splitter.push(bytes.subarray(at, at + 65_536));
      while (splitter.next()) found = Buffer.compare(splitter.buffer.subarray(splitter.start, splitter.end), bytes) === 0;
    }
    expect(found).toBe(true);
  });
});
