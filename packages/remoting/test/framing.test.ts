import { FrameLimits } from '@kitemq/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { echo, frameBytes, RawPeer, startServer, until } from './support.ts';

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
/** A JSON frame with exactly this header text. */
const withHeader = (text: string): Buffer => {
  const header = Buffer.from(text);
  return Buffer.concat([int32(4 + header.length), int32(header.length), header]);
};

describe('frames', () => {
  it('may be split anywhere', async () => {
    await using server = await startServer();
    const stream = Buffer.concat([
      frameBytes({ opaque: 1, schema: echo.request, values: { text: 'one' } }),
      frameBytes({ opaque: 2, serializeType: 1, body: Buffer.alloc(300, 7) }),
      frameBytes({ opaque: 3 }),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 12 }), async (cuts) => {
        using peer = await RawPeer.connect(server.port);
        const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        for (let i = 1; i < edges.length; i++) {
          peer.write(stream.subarray(edges[i - 1], edges[i]));
          await new Promise((resolve) => setImmediate(resolve));
        }
        await until(() => peer.frames.length === 3);
        expect(peer.frames.map((frame) => [frame.opaque, frame.code])).toEqual([[1, 0], [2, 0], [3, 0]]);
        expect(peer.frames[1]!.body).toEqual(Buffer.alloc(300, 7));
      }),
      { numRuns: 60 },
    );
  });

  it('may come byte by byte', async () => {
    await using server = await startServer();
    using peer = await RawPeer.connect(server.port);
    for (const byte of frameBytes({ opaque: 77 })) {
      peer.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => peer.frames.length === 1);
    expect(peer.frames[0]!.opaque).toBe(77);
  });

  it.each([
    ['is larger than the limit', int32(FrameLimits.frameBytesMax)],
    ['has a negative length', int32(-5)],
    ['is shorter than its own head', Buffer.concat([int32(3), Buffer.alloc(3)])],
    ['has a header longer than itself', Buffer.concat([int32(20), int32(17), Buffer.alloc(16)])],
    ['has an unknown serialize type', Buffer.concat([int32(6), Buffer.from([9, 0, 0, 2]), Buffer.from('{}')])],
    ['is text of another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['has a header that is no object', withHeader('[1,2,3]')],
    ['begins like a PROXY line and is none', Buffer.from(`PROXY TCP4 nonsense\r\n`)],
  ])('that %s closes its connection and nothing else', async (_name, bytes) => {
    await using server = await startServer();
    using bad = await RawPeer.connect(server.port);
    using good = await RawPeer.connect(server.port);
    bad.write(bytes);
    await until(() => bad.closed);
    expect(bad.frames).toEqual([]);
    good.write(frameBytes({ opaque: 5 }));
    await until(() => good.frames.length === 1);
    expect(server.counters.failures).toBe(1);
  });

  it.each([
    ['is cut off', withHeader('{"code":9001,"opaque":12,"flag":0,')],
    ['has a code that is no number', withHeader('{"code":"x","opaque":12,"flag":0}')],
    ['has text fields that are no object', withHeader('{"code":9001,"opaque":12,"extFields":[1]}')],
  ])('with a header that %s and a readable opaque is answered, and the connection goes on', async (_name, bytes) => {
    await using server = await startServer();
    using peer = await RawPeer.connect(server.port);
    peer.write(Buffer.concat([bytes, frameBytes({ opaque: 13 })]));
    await until(() => peer.frames.length === 2);
    expect(peer.frames.map((frame) => [frame.opaque, frame.code, frame.flag])).toEqual([[12, 1, 1], [13, 0, 1]]);
    expect(server.counters.brokenFrames).toBe(1);
  });

  it('of a field out of range are answered with 1', async () => {
    await using server = await startServer();
    using peer = await RawPeer.connect(server.port);
    peer.write(frameBytes({ opaque: 3, ext: { number: 'not a number' } }));
    await until(() => peer.frames.length === 1);
    expect([peer.frames[0]!.opaque, peer.frames[0]!.code]).toEqual([3, 1]);
    expect(peer.frames[0]!.remark).toContain('KITE_HEADER_INVALID');
  });

  it('that announce much and send little cost little', async () => {
    await using server = await startServer();
    const peers = await Promise.all(Array.from({ length: 200 }, () => RawPeer.connect(server.port)));
    const before = process.memoryUsage().arrayBuffers;
    for (const peer of peers) peer.write(Buffer.concat([int32(FrameLimits.frameBytesMax - 4), int32(100), Buffer.alloc(50)]));
    await until(() => server.counters.bytesIn >= 200 * 58);
    // 200 × 16 MiB would be 3.1 GiB; a buffer of a mebibyte each is the most the splitter takes on trust.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 * 1_048_576);
    for (const peer of peers) peer.socket.destroy();
  });

  it('that stay incomplete are bounded for strangers, all connections together', async () => {
    await using server = await startServer({ limits: { strangerBytesMax: 100_000 } });
    using known = await RawPeer.connect(server.port);
    known.write(frameBytes({ opaque: 1 }));
    await until(() => known.frames.length === 1);
    using first = await RawPeer.connect(server.port);
    using second = await RawPeer.connect(server.port);
    const partial = Buffer.concat([int32(1_000_000), Buffer.alloc(60_000)]);
    first.write(partial);
    await until(() => server.counters.bytesIn >= partial.length);
    second.write(partial);
    await until(() => second.closed);
    known.write(partial);
    await until(() => server.counters.bytesIn >= 3 * partial.length);
    expect([first.closed, known.closed]).toEqual([false, false]);
  });

  it('that are not completed in time close their connection; a busy one with partial frames is left alone', async () => {
    await using server = await startServer({ limits: { frameMs: 1_500 } });
    using stalled = await RawPeer.connect(server.port);
    using busy = await RawPeer.connect(server.port);
    const whole = frameBytes({ opaque: 1 });
    stalled.write(whole.subarray(0, 20));
    busy.write(whole.subarray(0, 20));
    await until(() => {
      busy.write(Buffer.concat([whole.subarray(20), whole.subarray(0, 20)]));
      return stalled.closed;
    });
    expect(busy.closed).toBe(false);
    expect(busy.frames.length).toBeGreaterThan(0);
  });
});
