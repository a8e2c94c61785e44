import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import { decodeFrame, PullMessageRequestHeader } from '../src/index.ts';
import type { Frame } from '../src/index.ts';
import { parseJsonHeader } from '../src/frame/json-header-parser.ts';
import { anyText } from './support.ts';

function frameOf(text: string): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(text)]);
  bytes.writeInt32BE(bytes.length - 4, 0);
  bytes.writeInt32BE(bytes.length - 8, 4);
  return bytes;
}

function outcome(decode: () => Frame): unknown {
  try {
    const { code, language, version, opaque, flag, remark, ext } = decode();
    return { code, language, version, opaque, flag, remark, ext: { ...ext.toObject() } };
  } catch (error) {
    if (!KiteError.is(error)) throw error;
    return { code: error.code, details: error.details };
  }
}

function expectSame(text: string): void {
  const bytes = frameOf(text);
  expect(outcome(() => decodeFrame(bytes, 0, bytes.length))).toEqual(outcome(() => parseJsonHeader(bytes.toString('utf8', 8))));
}

const scalar = fc.oneof(anyText, fc.integer(), fc.constantFrom<unknown>(null, true, 1.5, 1e20, -0, [], {}, 'GO', '7'));
const header = fc.record(
  { code: fc.integer(), flag: fc.integer(), opaque: fc.integer(), language: scalar, version: scalar, remark: scalar, extFields: fc.oneof(fc.dictionary(anyText, fc.oneof(anyText, scalar)), scalar), other: scalar },
  { requiredKeys: [] },
);
/** JSON text with some of its characters escaped, spread out, or broken. */
const text = fc.tuple(header, fc.constantFrom('', ' ', '\n\t'), fc.array(fc.tuple(fc.nat(), fc.constantFrom('', '"', '{', '}', ',', ':', '\\', ' ', '0', '\u0001', 'é')), { maxLength: 2 })).map(([value, space, changes]) => {
  let json = JSON.stringify(value, undefined, space);
  for (const [at, insert] of changes) json = json.slice(0, at % (json.length + 1)) + insert + json.slice((at % (json.length + 1)) + (at % 2));
  return json;
});

describe('the JSON header scanner', () => {
  it('reads and refuses exactly what the parser does', () => {
    fc.assert(fc.property(text, (json) => expectSame(json)), { numRuns: 2_000 });
  });

  it('reads what clients send, however it is cut or changed, as the parser does', () => {
    const sent = '{"code":310,"extFields":{"a":"p","b":"T","e":"-1","g":"1700000000123","i":"KEYS\\u0001k\\u0002UNIQ_KEY\\u00017F00\\u0002","k":"false"},"flag":0,"language":"JAVA","opaque":-1234567890,"serializeTypeCurrentRPC":"JSON","version":513}';
    expectSame(sent);
    const insert = fc.constantFrom('', '"', '{', '}', ',', ':', '\\', '\\u0041', '\\u00e9', '\\ud83d', ' ', '0', '-', '9999', '\u0001', 'é', '"x":"y",', '"x":1,');
    fc.assert(fc.property(fc.nat({ max: sent.length }), fc.nat({ max: 3 }), insert, (at, removed, inserted) => expectSame(sent.slice(0, at) + inserted + sent.slice(at + removed))), { numRuns: 4_000 });
  });

  it.each([
    '{"code":-0}', '{"code":2147483648}', '{"code":-2147483648}', '{"code":00}', '{"code":1,"extFields":{"a":"1","a":"2"},"extFields":{"b":"3"}}', '{"extFields":{},"opaque":5}',
    '{"extFields":null}', '{"extFields":{"a":"b",}}', '{"extFields":{"a" : "b" , "c":"\\u0001\\n\\/\\"\\\\\\b\\f\\r\\t\\u00e9\\ud83d"}}', '{}', '{ }', '{"a"}', '{"a":}', '{"a":"b"', '{"a":"\u0001"}',
    '{"language":"GO"}', '{"language":"KLINGON"}', '{"language":null}', '{"remark":null}', '{"remark":5}', '{"serializeTypeCurrentRPC":"JSON","code":5}', '\ufeff{}', '{"a":tru}', '{"a":-}', '{"a":"\\u12x4"}',
  ])('agrees on %s', expectSame);

  it('reads a header that is like an earlier one as if it had come first', () => {
    const value = fc.oneof(fc.constantFrom('', '1', '-1', '1700000000123', 'true', 'BenchmarkTest', 'KEYS\u0001k1\u0002UNIQ_KEY\u00017F00A1\u0002', 'a"b\\c', '\\', '\u0001', 'é', '0123456789abcdef'), anyText);
    const sent = fc.record({
      names: fc.constantFrom(['a'], ['b', 'e', 'i'], ['topic', 'queueId', 'properties', 'z']),
      code: fc.constantFrom(10, 310, 11),
      values: fc.array(value, { minLength: 4, maxLength: 4 }),
      opaque: fc.oneof(fc.nat({ max: 99 }), fc.integer()),
      flag: fc.constantFrom(0, 1, 2),
      language: fc.constantFrom('JAVA', 'GO', 'CPP'),
      order: fc.constantFrom('java', 'opaqueFirst', 'languageFirst', 'twice'),
    }).map(({ names, code, values, opaque, flag, language, order }) => {
      const extFields = Object.fromEntries(names.map((name, index) => [name, values[index]]));
      const all = JSON.stringify({ code, extFields, flag, language, opaque, serializeTypeCurrentRPC: 'JSON', version: 401 });
      if (order === 'opaqueFirst') return JSON.stringify({ opaque, code, version: 401, extFields, language, flag });
      if (order === 'languageFirst') return JSON.stringify({ language, extFields, flag, opaque, code });
      return order === 'twice' ? all.replace('"flag"', `"opaque":7,"extFields":{"a":"${code}"},"flag"`) : all;
    });
    const change = fc.tuple(fc.nat(), fc.nat({ max: 2 }), fc.constantFrom('', '', '', '"', '\\', '0', '1', '\\u0001', '\\u00e9', '}', ',', ' ', '\u0001', 'é', '"x":"y",'));
    fc.assert(
      fc.property(fc.array(fc.tuple(sent, change), { minLength: 2, maxLength: 8 }), (headers) => {
        for (const [json, [at, removed, inserted]] of headers) {
          expectSame(json);
          // A change of something that was just read: what is wrong about it must not be overlooked.
          expectSame(json.slice(0, at % (json.length + 1)) + inserted + json.slice((at % (json.length + 1)) + removed));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds the fields of a table in headers that have them in another order, or not at all', () => {
    const extFields = { consumerGroup: 'g', topic: 'T', queueId: '3', queueOffset: '5', maxMsgNums: '32', sysFlag: '0', commitOffset: '0', suspendTimeoutMillis: '7', subVersion: '9' };
    const kinds = [extFields, Object.fromEntries(Object.entries(extFields).reverse()), { ...extFields, subscription: '*' }];
    for (const kind of [0, 0, 1, 1, 2, 0, 2, 2, 1, 0, 1, 2, 0]) {
      const bytes = frameOf(JSON.stringify({ code: 11 + kind, extFields: kinds[kind], opaque: kind }));
      const read = decodeFrame(bytes, 0, bytes.length).ext.read(PullMessageRequestHeader);
      expect(read).toMatchObject({ consumerGroup: 'g', topic: 'T', queueId: 3, queueOffset: 5, maxMsgNums: 32, sysFlag: 0, commitOffset: 0, suspendTimeoutMillis: 7, subVersion: 9 });
      expect(read.subscription).toBe(kind === 2 ? '*' : undefined);
    }
  });

  it('reads a header again when another one was decoded in between', () => {
    const first = frameOf('{"opaque":1,"extFields":{"a":"1","b":"\\u0001"}}');
    const second = frameOf('{"opaque":2,"extFields":{"a":"2"}}');
    const one = decodeFrame(first, 0, first.length);
    const two = decodeFrame(second, 0, second.length);
    expect([one.ext.get('a'), two.ext.get('a'), one.ext.get('b'), two.ext.get('b')]).toEqual(['1', '2', '\u0001', undefined]);
    expect([{ ...one.ext.toObject() }, { ...two.ext.toObject() }]).toEqual([{ a: '1', b: '\u0001' }, { a: '2' }]);
  });
});
