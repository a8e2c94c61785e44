import * as fc from 'fast-check';
import { KiteError } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { readJavaDialect, readJavaJson } from '../src/java-json/java-json-reader.ts';
import { RegisterBrokerBody } from '../src/index.ts';

/** Anything that JSON can say, with the keys that a body has and with those that objects are born with. */
const key = fc.oneof(fc.constantFrom('topicConfigSerializeWrapper', 'topicConfigTable', 'dataVersion', 'topicName', 'attributes', 'perm', 'order', '__proto__', 'constructor', 'toString', 'hasOwnProperty', '7'), fc.string());
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.string()),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const table = fc.dictionary(key, fc.record({ topicName: key, perm: fc.oneof(fc.integer(), fc.string()), order: fc.oneof(fc.boolean(), fc.string()), attributes: fc.dictionary(key, fc.string()), extra: json }, { requiredKeys: [] }));

/** What reading gives, an error by its code and words. */
function outcome(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return KiteError.is(error) ? [error.code, error.message] : error;
  }
}

const decodePlain = (text: string): unknown => outcome(() => RegisterBrokerBody.read(readJavaJson(text)));
const decodeDialect = (text: string): unknown => outcome(() => RegisterBrokerBody.read(readJavaDialect(text)));

describe('plain JSON', () => {
  it('is read as the dialect that it is a part of', () => {
    fc.assert(
      fc.property(fc.oneof(json, table.map((topicConfigTable) => ({ topicConfigSerializeWrapper: { topicConfigTable } }))), (value) => {
        const text = JSON.stringify(value);
        expect(decodePlain(text)).toEqual(decodeDialect(text));
      }),
      { numRuns: 500 },
    );
  });

  it('has no key that reaches a prototype', () => {
    const { topicConfigTable } = RegisterBrokerBody.decode(Buffer.from('{"topicConfigSerializeWrapper":{"topicConfigTable":{"__proto__":{"topicName":"p","__proto__":{"perm":1}}}},"__proto__":{"filterServerList":["x"]}}')).topicConfigSerializeWrapper;
    expect([...topicConfigTable.keys()]).toEqual(['__proto__']);
    expect(topicConfigTable.get('__proto__')).toMatchObject({ topicName: 'p', perm: 6 });
    expect(({} as Record<string, unknown>)['perm']).toBeUndefined();
  });

  it('may be as deep as a frame allows where nobody looks', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(RegisterBrokerBody.decode(Buffer.from(`{"filterServerList":["f"],"unknown":${deep}}`)).filterServerList).toEqual(['f']);
    expect(outcome(() => RegisterBrokerBody.decode(Buffer.from(deep)))).toEqual(['KITE_BODY_INVALID', 'an array where RegisterBrokerBody belongs']);
  });

  it('that is none goes to the reader of the dialect', () => {
    expect(readJavaJson("{a:1,'b':NaN,}")).toEqual(readJavaDialect("{a:1,'b':NaN,}"));
    expect(outcome(() => readJavaJson('{"a":'))).toEqual(['KITE_BODY_INVALID', expect.stringContaining('a value is missing')]);
  });
});
