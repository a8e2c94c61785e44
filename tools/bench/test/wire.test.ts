import { describe, expect, it } from 'vitest';

import { nextBeginOffset } from '../src/wire/connection.mjs';
import { FIRST_OPAQUE, pullTemplate, sendTemplates, writeDecimal } from '../src/wire/frames.mjs';

describe.each(['json', 'binary'] as const)('a %s frame template', (kind) => {
  it('has the opaque, the sequence and the length where they belong', () => {
    const [template] = sendTemplates({ kind, topic: 'T', group: 'G', bodySize: 100, queues: 1 });
    const frame = Buffer.alloc(template!.length);
    template!.copyTo(frame, 0, FIRST_OPAQUE + 42);
    expect(frame.readInt32BE(0)).toBe(frame.length - 4);
    const headerEnd = 8 + (frame.readInt32BE(4) & 0xffffff);
    expect(frame.length - headerEnd).toBe(100);
    if (kind === 'json') {
      const header = JSON.parse(frame.toString('utf8', 8, headerEnd));
      expect(header).toMatchObject({ code: 310, flag: 0, opaque: FIRST_OPAQUE + 42, extFields: { b: 'T', e: '0' } });
    } else {
      expect(frame.readInt16BE(8)).toBe(310);
      expect(frame.readInt32BE(13)).toBe(FIRST_OPAQUE + 42);
      expect(headerEnd - (8 + 21)).toBe(frame.readInt32BE(8 + 17));
    }
  });

  it('takes a pull offset', () => {
    const template = pullTemplate({ kind, topic: 'T', group: 'G', queueId: 3, batch: 32, suspend: false });
    const frame = Buffer.from(template.bytes);
    writeDecimal(frame, template.at['offset']!, 1234, 13);
    expect(frame.includes('0000000001234')).toBe(true);
  });
});

describe('nextBeginOffset', () => {
  it('reads both header forms', () => {
    const json = Buffer.from('{"code":0,"extFields":{"nextBeginOffset":"96","minOffset":"0"},"flag":1}');
    expect(nextBeginOffset(json, 0, json.length)).toBe(96);
    const binary = Buffer.concat([Buffer.from('\u0000\u000fnextBeginOffset'), Buffer.from([0, 0, 0, 4]), Buffer.from('1032'), Buffer.from('\u0000\u0009minOffset')]);
    expect(nextBeginOffset(binary, 0, binary.length)).toBe(1032);
    expect(nextBeginOffset(Buffer.from('{}'), 0, 2)).toBe(-1);
  });
});
