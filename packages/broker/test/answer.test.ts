import { Commands, ResponseCode } from '@kitemq/protocol';
import type { Request } from '@kitemq/remoting';
import { KiteError } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { describe, expect, it } from 'vitest';
import { answered, answering, Refusal } from '../src/answer.ts';
import type { Handler } from '../src/answer.ts';

type Told = { code: number; header?: unknown; remark?: string | undefined; body?: unknown };

async function serve(handler: Handler<typeof Commands.getMaxOffset>): Promise<{ told: Told[]; logger: RecordingLogger }> {
  const told: Told[] = [];
  const logger = new RecordingLogger();
  const request = {
    body: undefined,
    channel: { remoteAddress: '1.2.3.4:5' },
    header: () => ({ topic: 'T', queueId: 0 }),
    reply: (_command: unknown, code: number, header: unknown, options: { remark?: string }) => void told.push({ code, header, remark: options.remark }),
    fail: (code: number, remark: string) => void told.push({ code, remark }),
  } as unknown as Request;
  answering(Commands.getMaxOffset, logger, handler)(request);
  await new Promise((resolve) => setImmediate(resolve));
  return { told, logger };
}

describe('a handler', () => {
  it.each<[string, Handler<typeof Commands.getMaxOffset>]>([
    ['at once', () => ({ header: { offset: 7 } })],
    ['later', () => Promise.resolve({ header: { offset: 7 } })],
  ])('answers %s', async (_name, handler) => {
    expect((await serve(handler)).told).toEqual([{ code: 0, header: { offset: 7 }, remark: undefined }]);
  });

  it.each<[string, Handler<typeof Commands.getMaxOffset>]>([
    ['thrown', () => { throw new Refusal(ResponseCode.topicNotExist, 'no'); }],
    ['rejected', () => Promise.reject(new Refusal(ResponseCode.topicNotExist, 'no'))],
  ])('refuses with a code and a sentence (%s)', async (_name, handler) => {
    const { told, logger } = await serve(handler);
    expect(told).toEqual([{ code: ResponseCode.topicNotExist, remark: 'no' }]);
    expect(logger.lines).toHaveLength(0);
  });

  it('that fails is answered with SYSTEM_ERROR and logged, once', async () => {
    const { told, logger } = await serve(() => Promise.reject(new Error('broken')));
    expect(told).toEqual([{ code: ResponseCode.systemError, remark: 'GET_MAX_OFFSET failed: broken' }]);
    expect(logger.lines).toMatchObject([{ level: 'error', fields: { peer: '1.2.3.4:5' } }]);
  });

  it('that cannot read its request blames the request, without a line in the log', async () => {
    const { told, logger } = await serve(() => { throw new KiteError('KITE_BODY_INVALID', 'no JSON'); });
    expect(told).toEqual([{ code: ResponseCode.systemError, remark: 'no JSON' }]);
    expect(logger.lines).toHaveLength(0);
  });

  it('may have answered by itself', async () => {
    expect((await serve(() => answered)).told).toEqual([]);
  });
});
