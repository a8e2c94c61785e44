import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KiteError } from '@kitemq/runtime';
import { decodeFrame, defineHeader, encodeFrameHead, frameHeadSizeMax, FrameSplitter, LanguageCode, optional, required, SerializeType } from '../src/index.ts';
import type { OutgoingFrame } from '../src/index.ts';

const topicHeader = defineHeader('GetRouteInfoRequestHeader', { topic: required.string(), acceptStandardJsonOnly: optional.boolean() });

function outgoing(changes: Partial<OutgoingFrame> = {}): OutgoingFrame {
  return {
    serializeType: SerializeType.json, code: 105, language: LanguageCode.java, version: 481, opaque: 7, flag: 0, remark: undefined,
    schema: topicHeader, values: { topic: 'T1' }, ext: undefined, bodyLength: 0, ...changes,
  };
}

function encode(frame: OutgoingFrame, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const target = Buffer.alloc(frameHeadSizeMax(frame));
  return Buffer.concat([target.subarray(0, encodeFrameHead(target, 0, frame)), body]);
}

const binaryRequest = Buffer.from('000000260100002200690001e10000000700000000000000000000000d0005746f706963000000025431', 'hex');

describe('frames', () => {
  it('writes the binary request of the specification', () => {
    expect(encode(outgoing({ serializeType: SerializeType.rocketmq })).toString('hex')).toBe(binaryRequest.toString('hex'));
  });

  it('reads the binary request of the specification', () => {
    const frame = decodeFrame(binaryRequest, 0, binaryRequest.length);
    expect(frame).toMatchObject({ serializeType: 1, code: 105, language: 0, version: 481, opaque: 7, flag: 0, remark: undefined, body: undefined });
    expect(frame.ext.get('topic')).toBe('T1');
    expect(frame.ext.read(topicHeader)).toEqual({ topic: 'T1', acceptStandardJsonOnly: undefined });
  });

  it('reads the JSON request of the specification', () => {
    const header = '{"code":105,"extFields":{"topic":"T1"},"flag":0,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":481}';
    const bytes = Buffer.concat([Buffer.from('000000800000007c', 'hex'), Buffer.from(header)]);
    const frame = decodeFrame(bytes, 0, bytes.length);
    expect(frame).toMatchObject({ serializeType: 0, code: 105, language: 0, version: 481, opaque: 7, flag: 0 });
    expect(frame.ext.toObject()).toEqual({ topic: 'T1' });
  });

  it('keeps body, remark and further fields', () => {
    for (const serializeType of [SerializeType.json, SerializeType.rocketmq]) {
      const bytes = encode(outgoing({ serializeType, remark: 'no "route"\n', ext: { MSG_REGION: 'é' }, bodyLength: 2 }), Buffer.from('{}'));
      const frame = decodeFrame(bytes, 0, bytes.length);
      expect(frame.remark).toBe('no "route"\n');
      expect(frame.ext.toObject()).toEqual({ topic: 'T1', MSG_REGION: 'é' });
      expect(Buffer.from(frame.body!).toString()).toBe('{}');
    }
  });

  it('falls back to JSON for codes a binary header cannot carry', () => {
    const bytes = encode(outgoing({ serializeType: SerializeType.rocketmq, code: 200_050 }));
    expect(decodeFrame(bytes, 0, bytes.length)).toMatchObject({ serializeType: 0, code: 200_050 });
  });

  it('names the opaque of a broken header when it can', () => {
    const header = Buffer.from('{"opaque":77,"extFields":{"a');
    const bytes = Buffer.concat([Buffer.alloc(8), header]);
    bytes.writeInt32BE(4 + header.length, 0);
    bytes.writeInt32BE(header.length, 4);
    try {
      decodeFrame(bytes, 0, bytes.length);
      expect.unreachable();
    } catch (error) {
      expect(KiteError.is(error, 'KITE_FRAME_INVALID')).toBe(true);
      expect((error as KiteError).details['opaque']).toBe(77);
    }
  });
});

describe('FrameSplitter', () => {
  it('finds the same frames wherever the stream is cut', () => {
    const stream = Buffer.concat([binaryRequest, binaryRequest, binaryRequest]);
    for (let first = 0; first <= stream.length; first++) {
      for (const second of [first, Math.min(first + 3, stream.length), stream.length]) {
        const splitter = new FrameSplitter();
        const seen: string[] = [];
        for (const chunk of [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)]) {
          splitter.push(chunk);
          while (splitter.next()) seen.push(splitter.buffer.toString('hex', splitter.start, splitter.end));
        }
        expect(seen).toEqual(Array(3).fill(binaryRequest.toString('hex')));
        expect(splitter.pendingBytes).toBe(0);
      }
    }
  });

  it('needs a chunk only until the next one when its memory is used again', () => {
    const frames = Array.from({ length: 40 }, (_, index) => Buffer.concat([Buffer.alloc(4), Buffer.alloc(5 + ((index * 7919) % 9000), index)]));
    for (const frame of frames) frame.writeInt32BE(frame.length - 4, 0);
    const stream = Buffer.concat(frames);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 30 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }), (sizes, pauses) => {
        const splitter = new FrameSplitter({ reuse: true });
        const memory = Buffer.alloc(20_000);
        const seen: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const bytes = stream.copy(memory, 0, at, at + sizes[turn % sizes.length]!);
          splitter.push(memory.subarray(0, bytes));
          const pause = pauses[turn % pauses.length]! && splitter.next();
          if (pause) {
            seen.push(Buffer.from(splitter.buffer.subarray(splitter.start, splitter.end)));
            splitter.keepRest();
            memory.fill(0xdb);
          }
          while (splitter.next()) seen.push(Buffer.from(splitter.buffer.subarray(splitter.start, splitter.end)));
          memory.fill(0xdb);
          at += bytes;
          if (turn % 3 === 0) splitter.releaseSpare();
        }
        expect(seen.length).toBe(frames.length);
        expect(Buffer.concat(seen).equals(stream)).toBe(true);
      }),
    );
  });

  it('refuses lengths outside the limits before it allocates', () => {
    for (const length of [-1, 0, 3, 16_777_213, 0x7f_ff_ff_ff]) {
      const splitter = new FrameSplitter();
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(length, 0);
      splitter.push(bytes);
      expect(() => splitter.next()).toThrow(KiteError);
    }
  });
});
