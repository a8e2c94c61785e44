import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Commands, encodeFrameHead, encodeHost, encodeOffsetMessageId, FrameFlag, frameHeadSizeMax, SendAnswerWriter, SerializeType } from '../src/index.ts';
import type { OutgoingFrame, SendAnswer } from '../src/index.ts';

const head = (frame: OutgoingFrame): Buffer => {
  const target = Buffer.alloc(frameHeadSizeMax(frame));
  return target.subarray(0, encodeFrameHead(target, 0, frame));
};

describe('the answer to a send, written from its bytes', () => {
  it('is what the table of its header writes', () => {
    const text = fc.oneof(fc.stringMatching(/^[0-9A-F]{32}$/), fc.string({ unit: 'binary', maxLength: 40 }), fc.constant(''));
    const answers = fc.record({
      type: fc.constantFrom(SerializeType.json, SerializeType.rocketmq),
      host: fc.constantFrom('127.0.0.1', '2001:db8::1'),
      regionId: fc.constantFrom('DefaultRegion', 'r_1'),
      traceOn: fc.boolean(),
      physicalOffset: fc.maxSafeNat(),
      queueId: fc.nat({ max: 2 ** 31 - 1 }),
      queueOffset: fc.maxSafeNat(),
      opaque: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      code: fc.constantFrom(0, 10),
      key: text,
      before: fc.nat({ max: 9 }),
    });
    fc.assert(
      fc.property(answers, ({ type, host, regionId, traceOn, physicalOffset, queueId, queueOffset, opaque, code, key, before }) => {
        const storeHost = encodeHost(host, 10911);
        const bytes = Buffer.from(key);
        const transactionId = bytes.toString();
        const answer: SendAnswer = { physicalOffset, queueId, queueOffset, keyBytes: Buffer.concat([Buffer.alloc(before, 7), bytes]), keyStart: before, keyEnd: before + bytes.length };
        const frame: OutgoingFrame = {
          ...{ serializeType: type, code, language: 0, version: 513, opaque, flag: FrameFlag.response, remark: undefined, ext: undefined, bodyLength: 0 },
          schema: Commands.sendMessageV2.response,
          values: { msgId: encodeOffsetMessageId(storeHost, physicalOffset), queueId, queueOffset, transactionId: key === '' ? undefined : transactionId, regionId, traceOn },
        };
        const written = head({ ...frame, values: answer as unknown as Record<string, unknown>, writer: new SendAnswerWriter(storeHost, { regionId, traceOn }) });
        expect(written.toString('latin1')).toBe(head(frame).toString('latin1'));
      }),
      { numRuns: 500 },
    );
  });
});
