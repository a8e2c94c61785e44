import type { NetworkSocket } from '@kitemq/runtime';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputBuffer, uncopiedBytesMin } from '../src/output-buffer.ts';
import { SlabPool, slabBytesLarge, slabBytesUsual, slabsInUseMax } from '../src/slab-pool.ts';

/** A socket like Node's: what the system does not take at once is held, and looked at when it does. */
class SlowSocket {
  readonly copiesOnWrite = true;
  readonly taken: Buffer[] = [];
  readonly held: Uint8Array[] = [];
  isSlow = false;

  get bufferedBytes(): number {
    return this.held.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  write(chunk: Uint8Array): boolean {
    if (this.isSlow || this.held.length > 0) this.held.push(chunk);
    else this.taken.push(Buffer.from(chunk));
    return true;
  }

  drain(): void {
    for (const chunk of this.held.splice(0)) this.taken.push(Buffer.from(chunk));
  }

  cork(): void {}
  uncork(): void {}
}

describe('a slab pool', () => {
  it('gives slabs of two sizes, and only so many at a time', () => {
    const pool = new SlabPool();
    expect(pool.take(1)?.length).toBe(slabBytesUsual);
    expect(pool.take(slabBytesUsual + 1)?.length).toBe(slabBytesLarge);
    expect(pool.take(slabBytesLarge + 1)).toBeUndefined();
    const slabs = Array.from({ length: slabsInUseMax - 2 }, () => pool.take(10)!);
    expect(pool.take(1)).toBeUndefined();
    pool.give(slabs[0]!);
    expect(pool.take(1)).toBe(slabs[0]);
    pool.lose();
    expect(pool.take(1)).toBeDefined();
    expect(pool.inUse).toBe(slabsInUseMax);
  });

  it('serves all connections that a socket takes everything from at once, with the same memory', () => {
    const pool = new SlabPool();
    const outputs = Array.from({ length: 100 }, () => new OutputBuffer(pool));
    const socket = new SlowSocket();
    const memories = new Set<ArrayBufferLike>();
    for (const output of outputs) {
      output.append(Buffer.from('answer'));
      memories.add(output.slab!.buffer);
      output.flush(socket as unknown as NetworkSocket);
      expect(output.slab).toBeUndefined();
    }
    expect(memories.size).toBe(1);
    expect(pool.inUse).toBe(0);
  });

  it('never lets two connections write where a slow socket still looks', () => {
    const step = fc.record({
      connection: fc.integer({ min: 0, max: 2 }),
      size: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: uncopiedBytesMin - 2, max: 100_000 })),
      then: fc.constantFrom('nothing', 'flush', 'slow', 'drain', 'release', 'close'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const pool = new SlabPool();
        const ends = Array.from({ length: 3 }, () => ({ output: new OutputBuffer(pool), socket: new SlowSocket(), expected: [] as Buffer[] }));
        const flush = ({ output, socket }: (typeof ends)[number]): void => output.flush(socket as unknown as NetworkSocket);
        for (const [number, { connection, size, then }] of steps.entries()) {
          const end = ends[connection]!;
          const bytes = Buffer.alloc(size, number + 1);
          end.expected.push(bytes);
          end.output.copy(bytes);
          if (then === 'flush') flush(end);
          else if (then === 'slow') end.socket.isSlow = !end.socket.isSlow;
          else if (then === 'drain') end.socket.drain();
          else if (then === 'release') end.output.release();
          else if (then === 'close') {
            flush(end);
            end.socket.drain();
            expect(Buffer.concat(end.socket.taken).equals(Buffer.concat(end.expected))).toBe(true);
            end.output.clear();
            ends[connection] = { output: new OutputBuffer(pool), socket: new SlowSocket(), expected: [] };
          }
        }
        for (const end of ends) {
          flush(end);
          end.socket.drain();
          expect(Buffer.concat(end.socket.taken).equals(Buffer.concat(end.expected))).toBe(true);
          end.output.clear();
        }
        expect(pool.inUse).toBe(0);
      }),
    );
  });
});
