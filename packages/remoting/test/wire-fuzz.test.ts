import { Commands, decodeFrame, FrameFlag } from '@kitemq/protocol';
import { KiteError, Sfc32 } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { answerEcho, echo, frameBytes, RawPeer, startServer, until } from './support.ts';

const rounds = Number(process.env['KITEMQ_FUZZ_ROUNDS'] ?? 60);
const framesPerRound = 100;
const seed = Number(process.env['KITEMQ_FUZZ_SEED'] ?? 1);

/** What a frame must get: an answer with this opaque, silence, or the end of its connection. */
type Verdict = { readonly kind: 'answer'; readonly opaque: number } | { readonly kind: 'silence' } | { readonly kind: 'close' };

const judge = (frame: Buffer): Verdict => {
  try {
    const { flag, opaque } = decodeFrame(frame, 0, frame.length);
    return (flag & (FrameFlag.response | FrameFlag.oneway)) === 0 ? { kind: 'answer', opaque } : { kind: 'silence' };
  } catch (error) {
    const { opaque, flag = 0 } = (KiteError.is(error) ? error.details : {}) as { opaque?: number; flag?: number };
    if (opaque === undefined) return { kind: 'close' };
    return (flag & (FrameFlag.response | FrameFlag.oneway)) === 0 ? { kind: 'answer', opaque } : { kind: 'silence' };
  }
};

const interesting = [0, 1, 2, 7, 0x16, 0x20, 0x22, 0x2c, 0x30, 0x39, 0x3a, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xff];

class Mutator {
  private readonly random: Sfc32;
  private readonly seeds: Buffer[];

  constructor(random: Sfc32) {
    this.random = random;
    this.seeds = [0, 1, 2].flatMap((serializeType) => [
      frameBytes({ serializeType: serializeType as 0 | 1 | 2, opaque: 99, schema: echo.request, values: { text: 'fuzz', number: 12 }, body: Buffer.from('body') }),
      frameBytes({ serializeType: serializeType as 0 | 1 | 2, opaque: -3, code: Commands.sendMessageV2.code, remark: 'remark', ext: { a: 'b', c: '1' } }),
      frameBytes({ serializeType: serializeType as 0 | 1 | 2, opaque: 5, flag: FrameFlag.oneway }),
      frameBytes({ serializeType: serializeType as 0 | 1 | 2, opaque: 6, flag: FrameFlag.response }),
    ]);
  }

  /** A frame with a true length and anything else. */
  next(): Buffer {
    let frame: Buffer = Buffer.from(this.pick(this.seeds));
    for (let change = this.random.below(6); change >= 0; change--) frame = this.change(frame);
    frame.writeInt32BE(frame.length - 4, 0);
    return frame;
  }

  private change(frame: Buffer): Buffer {
    const at = 4 + this.random.below(Math.max(1, frame.length - 4));
    switch (this.random.below(6)) {
      case 0:
        frame[at] = this.random.below(256);
        return frame;
      case 1:
        frame[at] = this.pick(interesting);
        return frame;
      case 2:
        return frame.length > 12 ? Buffer.concat([frame.subarray(0, at), frame.subarray(Math.min(frame.length, at + 1 + this.random.below(8)))]) : frame;
      case 3:
        return Buffer.concat([frame.subarray(0, at), Buffer.from(Array.from({ length: this.random.below(9) }, () => this.pick(interesting))), frame.subarray(at)]);
      case 4:
        return Buffer.concat([frame.subarray(0, at), frame.subarray(4, Math.min(frame.length, 4 + this.random.below(40))), frame.subarray(at)]);
      default:
        if (at + 4 <= frame.length) frame.writeInt32BE(this.pick([0, 1, -1, 0x7f_ff_ff_ff, -0x80_00_00_00, frame.length, 0xffff]), at);
        return frame;
    }
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }
}

const sentinel = 0x5e_17_1e_7;

describe('any bytes', () => {
  it(`are survived; every request whose opaque can be read is answered (seed ${seed})`, { timeout: 600_000 }, async () => {
    await using server = await startServer({ processors: (code) => (code === echo.code ? answerEcho : undefined) });
    const mutator = new Mutator(new Sfc32(seed, 1, 2, 3));
    let [answers, closes] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const frames: Buffer[] = [];
      let fatal: Buffer | undefined;
      while (frames.length < framesPerRound) {
        const frame = mutator.next();
        if (frame.length < 8 || judge(frame).kind === 'close') fatal = frame;
        else frames.push(frame);
      }
      const expected = frames.map(judge).flatMap((verdict) => (verdict.kind === 'answer' ? [verdict.opaque] : []));
      using peer = await RawPeer.connect(server.port);
      peer.write(Buffer.concat([...frames, frameBytes({ opaque: sentinel })]));
      await until(() => peer.frames.some((frame) => frame.opaque === sentinel), `the answers of round ${round} of seed ${seed}`);
      expect(peer.frames.map((frame) => frame.opaque).toSorted((a, b) => a - b)).toEqual([...expected, sentinel].toSorted((a, b) => a - b));
      for (const frame of peer.frames) expect([0, 1, 3]).toContain(frame.code);
      answers += expected.length;
      if (fatal === undefined) continue;
      peer.write(fatal);
      await until(() => peer.closed, `the end of round ${round} of seed ${seed}`);
      closes++;
    }
    expect(answers).toBeGreaterThan(rounds * 10);
    expect(closes).toBeGreaterThan(rounds / 4);
    expect(server.requestsInFlight).toBe(0);
  });

  it('without any order leave the server as it was', { timeout: 600_000 }, async () => {
    await using server = await startServer();
    const random = new Sfc32(seed, 1, 2, 3);
    for (let round = 0; round < rounds; round++) {
      using peer = await RawPeer.connect(server.port);
      for (let chunk = random.below(5); chunk >= 0; chunk--) peer.write(Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256))));
      peer.socket.end();
    }
    await until(() => server.connections.size === 0 && server.counters.accepted === rounds);
    using peer = await RawPeer.connect(server.port);
    peer.write(frameBytes({ opaque: 1 }));
    await until(() => peer.frames.length === 1);
  });
});
