import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import {
  checkRecord, crcDigits, decodeBatch, decodeMessages, decodeOffsetMessageId, decodeProperties, decodeRecord, encodeBatch, encodeFiller, encodeHost, encodeOffsetMessageId,
  encodeProperties, encodeRecord, groupNameProblem, hostText, javaHashCode, maskedCrc32, MessageSysFlag, OffsetMessageIds, parseTagExpression, propertiesObject, PropertyKey, readProperties,
  RecordCheck, recordSizeOf, tagsCodeOf, topicNameProblem, UniqKeyGenerator, writeProperties,
} from '../src/index.ts';
import type { RecordFields } from '../src/index.ts';

const golden =
  '00000063DAA320A758932AAC000000030000000700000000000000050000000000001234000000000000018BCFE568000A00000100009C400000018BCFE5687B0A00000200002A9F00000001000000000000000000000002686902543100046B017602';

function fields(changes: Partial<RecordFields> = {}): RecordFields {
  return {
    queueId: 3, flag: 7, queueOffset: 5, physicalOffset: 0x1234, sysFlag: 0, bornTimestamp: 1_700_000_000_000, bornHost: encodeHost('10.0.0.1', 40_000),
    storeTimestamp: 1_700_000_000_123, storeHost: encodeHost('10.0.0.2', 10_911), reconsumeTimes: 1, preparedTransactionOffset: 0, body: Buffer.from('hi'),
    topic: Buffer.from('T1'), properties: Buffer.from('k\u0001v\u0002'), ...changes,
  };
}

function encode(of: RecordFields): Buffer {
  const bytes = Buffer.alloc(recordSizeOf(of));
  expect(encodeRecord(bytes, 0, of)).toBe(bytes.length);
  return bytes;
}

describe('records', () => {
  it('are byte for byte those of Apache', () => {
    expect(encode(fields()).toString('hex').toUpperCase()).toBe(golden);
  });

  it('are read in place', () => {
    const view = decodeRecord(Buffer.from(golden, 'hex'));
    expect([view.size, view.queueId, view.flag, view.queueOffset, view.physicalOffset, view.reconsumeTimes]).toEqual([99, 3, 7, 5, 0x1234, 1]);
    expect([view.topic, view.properties, Buffer.from(view.body).toString()]).toEqual(['T1', 'k\u0001v\u0002', 'hi']);
    expect([hostText(view.bornHost), hostText(view.storeHost), view.bornTimestamp, view.storeTimestamp]).toEqual(['10.0.0.1:40000', '10.0.0.2:10911', 1_700_000_000_000, 1_700_000_000_123]);
  });

  it('take long topics (v2) and IPv6 hosts', () => {
    const topic = `%RETRY%${'x'.repeat(200)}`;
    const bytes = encode(fields({ topic: Buffer.from(topic), bornHost: encodeHost('2001:db8::1', 1), storeHost: encodeHost('::1', 2) }));
    expect(checkRecord(bytes, 0, bytes.length)).toBe(bytes.length);
    const [message] = decodeMessages(bytes);
    expect(message).toMatchObject({ topic, bornHost: '2001:db8:0:0:0:0:0:1:1', storeHost: '0:0:0:0:0:0:0:1:2', sysFlag: 0x30 });
  });

  it('are refused with every other byte length or a flipped bit in the body', () => {
    const bytes = encode(fields());
    for (let end = 0; end < bytes.length; end++) expect(checkRecord(bytes, 0, end)).toBeLessThanOrEqual(0);
    for (const [at, reason] of [[88, RecordCheck.badCrc], [4, RecordCheck.badMagic], [97 - 4, RecordCheck.badLength]] as const) {
      const broken = Buffer.from(bytes);
      broken[at]! ^= 0x20;
      expect(checkRecord(broken, 0, broken.length)).toBe(reason);
    }
  });

  it('tell fillers and untouched bytes apart', () => {
    const bytes = Buffer.alloc(16);
    expect(checkRecord(bytes, 0, 16)).toBe(RecordCheck.nothing);
    encodeFiller(bytes, 0, 16);
    expect(bytes.toString('hex', 0, 8)).toBe('00000010cbd43194');
    expect(checkRecord(bytes, 0, 16)).toBe(RecordCheck.filler);
  });

  it('give messages of their own, decompressed', () => {
    const text = 'hello '.repeat(100);
    const sysFlag = MessageSysFlag.compressed | MessageSysFlag.compressionZlib;
    const bytes = Buffer.concat([encode(fields({ body: deflateSync(text), sysFlag })), encode(fields())]);
    const [compressed, plain] = decodeMessages(bytes);
    bytes.fill(0);
    expect(Buffer.from(compressed!.body).toString()).toBe(text);
    expect(compressed!.sysFlag & MessageSysFlag.compressed).toBe(0);
    expect(Buffer.from(plain!.body).toString()).toBe('hi');
    expect({ ...plain!.properties }).toEqual({ k: 'v' });
    expect(plain!.offsetMessageId).toBe('0A00000200002A9F0000000000001234');
  });

  it('stop decompression bombs and unknown compressions', () => {
    const bomb = encode(fields({ body: deflateSync(Buffer.alloc(1_000_000)), sysFlag: 1 }));
    expect(() => decodeMessages(bomb, { decompressedBytesMax: 1_000 })).toThrow(KiteError);
    for (const sysFlag of [0x101, 0x201, 0x401]) expect(() => decodeMessages(encode(fields({ sysFlag })))).toThrow(KiteError);
    expect(decodeMessages(encode(fields({ sysFlag: 0x101 })), { decompressor: (type) => Buffer.from(type) })[0]!.body.toString()).toBe('LZ4');
  });

  it('unwrap inner batches', () => {
    const body = encodeBatch(['a', 'b'].map((text) => ({ flag: 1, body: Buffer.from(text), properties: Buffer.from(`n\u0001${text}\u0002`) })));
    const messages = decodeMessages(encode(fields({ body, sysFlag: MessageSysFlag.needUnwrap | MessageSysFlag.innerBatch })));
    expect(messages.map((message) => [message.queueOffset, Buffer.from(message.body).toString(), message.properties['n']])).toEqual([[5, 'a', 'a'], [6, 'b', 'b']]);
  });
});

describe('batches', () => {
  it('are byte for byte those of Apache', () => {
    const bytes = encodeBatch([{ flag: 0, body: Buffer.from('x'), properties: Buffer.from('a\u0001b\u0002') }]);
    expect(Buffer.from(bytes).toString('hex').toUpperCase()).toBe('0000001B0000000000000000000000000000000178000461016202');
    expect(decodeBatch(bytes)).toHaveLength(1);
    for (let length = 1; length < bytes.length; length++) expect(() => decodeBatch(bytes.subarray(0, length))).toThrow(KiteError);
  });
});

describe('properties', () => {
  it.each([
    ['k\u0001\u0002a\u0001b\u0002c\u0001d', { a: 'b', c: 'd' }],
    ['ab\u0002k\u0001v\u0001w\u0002', { k: 'v\u0001w' }],
    ['\u0001v\u0002k\u0001v', { k: 'v' }],
    ['k\u0001a\u0002k\u0001b\u0002', { k: 'b' }],
    ['', {}],
  ])('%j', (text, expected) => {
    expect({ ...decodeProperties(text) }).toEqual(expected);
    for (const name of ['k', 'a', 'c', 'ab']) {
      expect(new PropertyKey(name).find(Buffer.from(text))).toBe((expected as Record<string, string>)[name]);
    }
  });

  it('do not touch prototypes and refuse separators', () => {
    const properties = decodeProperties(encodeProperties({ ['__proto__x']: 'y' }).replace('__proto__x', '__proto__'));
    expect(Object.keys(properties)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['y']).toBeUndefined();
    expect(() => encodeProperties({ a: 'b\u0002c' })).toThrow(KiteError);
    expect(() => encodeProperties({ 'a\u0001': 'b' })).toThrow(KiteError);
  });

  it('give the tag hash from bytes', () => {
    expect(tagsCodeOf(Buffer.from('KEYS\u0001k\u0002TAGS\u0001TagA\u0002'))).toBe(2_598_919);
    expect(tagsCodeOf(Buffer.from('TAGS\u0001中文'))).toBe(646_394);
    expect(tagsCodeOf(Buffer.from('XTAGS\u0001TagA\u0002'))).toBe(0);
  });
});

describe('hashes and checksums', () => {
  it('are Java\'s', () => {
    expect(['TagA', 'TagB', '*', '中文'].map(javaHashCode)).toEqual([2_598_919, 2_598_920, 42, 646_394]);
    expect([maskedCrc32(Buffer.from('hi')), maskedCrc32(Buffer.from('123456789'))]).toEqual([1_486_039_724, 1_274_296_614]);
    expect([0, 1, 123, 2_147_483_647].map(crcDigits)).toEqual(['0000000000', '1000000000', '3210000000', '7463847412']);
  });

  it('split tag expressions', () => {
    expect(parseTagExpression('A || B|| A ||')).toEqual(['A', 'B']);
    for (const all of ['*', '', ' ', undefined]) expect(parseTagExpression(all)).toEqual([]);
  });
});

describe('ids', () => {
  it('name a place in a broker\'s log', () => {
    expect(encodeOffsetMessageId(encodeHost('10.0.0.2', 10_911), 0x1234)).toBe('0A00000200002A9F0000000000001234');
    const v6 = encodeOffsetMessageId(encodeHost('2001:db8::1', 10_911), 0x1234);
    expect(v6).toBe('20010DB800000000000000000000000100002A9F0000000000001234');
    expect(new OffsetMessageIds(encodeHost('10.0.0.2', 10_911)).at(2 ** 45 + 1)).toBe(encodeOffsetMessageId(encodeHost('10.0.0.2', 10_911), 2 ** 45 + 1));
    expect(decodeOffsetMessageId(v6)).toEqual({ ip: '2001:db8:0:0:0:0:0:1', port: 10_911, physicalOffset: 0x1234 });
    for (const bad of ['', 'x'.repeat(32), '0'.repeat(33)]) expect(() => decodeOffsetMessageId(bad)).toThrow(KiteError);
  });

  it('are unique and count on', () => {
    let now = new Date(2026, 10, 21).getTime();
    const generator = new UniqKeyGenerator({ now: () => now, monotonic: () => 0 }, { uint32: () => 0xff_ff, below: () => 0, float: () => 0, bytes: () => new Uint8Array() }, { ip: '10.0.0.9', processId: 3_200 });
    const first = generator.next();
    now = new Date(2026, 11, 1).getTime() + 5;
    expect([first, generator.next()]).toEqual([`0A0000090C800000FFFF${(20 * 86_400_000).toString(16).toUpperCase().padStart(8, '0')}FFFF`, '0A0000090C800000FFFF000000050000']);
  });

  it('read addresses', () => {
    for (const [ip, text] of [['::ffff:1.2.3.4', '1.2.3.4'], ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'], ['::', '0:0:0:0:0:0:0:0'], ['1::2:3', '1:0:0:0:0:0:2:3']] as const) {
      expect(hostText(encodeHost(ip, 5))).toBe(`${text}:5`);
    }
    for (const bad of ['', 'localhost', '1.2.3', '1.2.3.256', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'g::']) expect(() => encodeHost(bad, 1)).toThrow(KiteError);
  });
});

describe('names', () => {
  it('are checked as Apache does', () => {
    expect([topicNameProblem('T_1-%|'), topicNameProblem('x'.repeat(127)), topicNameProblem(`%RETRY%${'x'.repeat(248)}`), groupNameProblem('g'.repeat(120))]).toEqual([undefined, undefined, undefined, undefined]);
    for (const bad of ['', ' ', 'a/b', '../x', 'a.b', 'é', 'x'.repeat(128), `%DLQ%${'x'.repeat(251)}`]) expect(topicNameProblem(bad)).toMatch(/^The specified topic/);
    for (const bad of ['', 'a b', 'g'.repeat(121)]) expect(groupNameProblem(bad)).toMatch(/^The specified group/);
  });
});

describe('.properties text', () => {
  it('is read as Java reads it', () => {
    const text = '# c\n! c\n a = b \nkey:value\nspaced   v w\nlong=one\\\n   two\nu=\\u4e2d\\t\\=\nempty\nk\\ ey=1\\\\\r\nlast=a=b\\';
    expect(propertiesObject(text)).toEqual({ a: 'b ', key: 'value', spaced: 'v w', long: 'onetwo', u: '中\t=', empty: '', 'k ey': '1\\', last: 'a=b' });
    expect(readProperties(text).map((entry) => entry.line)).toEqual([3, 4, 5, 6, 8, 9, 10, 11]);
  });

  it('comes back as it was written', () => {
    const entries: [string, string][] = [['#k =:', ' v\n\t\\u0041 #'], ['__proto__', '中'], ['a', '']];
    expect(readProperties(writeProperties(entries)).map(({ key, value }) => [key, value])).toEqual(entries);
  });
});
