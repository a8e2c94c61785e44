import type { NetworkSocket } from '@kitemq/runtime';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputBuffer, uncopiedBytesMin } from '../src/output-buffer.ts';

/** A socket that keeps what it was given, as a slow one does, and a copy of what that was then. */
class HoldingSocket {
  readonly held: Uint8Array[] = [];
  readonly copies: Buffer[] = [];
  corks = 0;
  writes = 0;

  write(chunk: Uint8Array): boolean {
    this.writes++;
    this.held.push(chunk);
    this.copies.push(Buffer.from(chunk));
    return true;
  }

  cork(): void {
    this.corks++;
  }

  uncork(): void {}
}

const flushTo = (output: OutputBuffer, socket: HoldingSocket): void => output.flush(socket as unknown as NetworkSocket);

describe('an output buffer', () => {
  it('hands over what was queued, in order, and never writes again to bytes a socket may hold', () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ size: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: uncopiedBytesMin - 2, max: 70_000 })), head: fc.boolean() }) },
      { weight: 2, arbitrary: fc.constant('flush' as const) },
      { weight: 1, arbitrary: fc.constant('release' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const output = new OutputBuffer();
        const socket = new HoldingSocket();
        const expected: Buffer[] = [];
        let fill = 0;
        for (const each of steps) {
          if (each === 'flush') flushTo(output, socket);
          else if (each === 'release') output.release();
          else {
            const bytes = Buffer.alloc(each.size, ++fill);
            expected.push(bytes);
            if (each.head) {
              // More room than needed is asked for, as for a frame head.
              output.reserve(each.size + 50).set(bytes, output.slabEnd);
              output.commit(each.size);
            } else output.append(bytes);
          }
        }
        flushTo(output, socket);
        expect(output.pendingBytes).toBe(0);
        expect(Buffer.concat(socket.held).equals(Buffer.concat(expected))).toBe(true);
        for (const [index, copy] of socket.copies.entries()) expect(copy.equals(socket.held[index]!)).toBe(true);
      }),
    );
  });

  it('gathers small pieces into one write, and does not copy large ones', () => {
    const output = new OutputBuffer();
    const socket = new HoldingSocket();
    for (let i = 0; i < 10; i++) output.append(Buffer.alloc(100, i));
    flushTo(output, socket);
    expect([socket.writes, socket.corks]).toEqual([1, 0]);
    const large = Buffer.alloc(uncopiedBytesMin, 1);
    output.append(Buffer.from('head'));
    output.append(large);
    output.append(Buffer.from('next'));
    flushTo(output, socket);
    expect([socket.writes, socket.corks]).toEqual([4, 1]);
    expect(socket.held[2]).toBe(large);
    flushTo(output, socket);
    expect(socket.writes).toBe(4);
  });

  it('takes pieces that lie one behind the other in memory as one', () => {
    const output = new OutputBuffer();
    const socket = new HoldingSocket();
    const records = Buffer.from(Array.from({ length: 3 * uncopiedBytesMin }, (_, i) => i % 251));
    const third = (n: number): Buffer => records.subarray(n * uncopiedBytesMin, (n + 1) * uncopiedBytesMin);
    output.appendAll([third(0), third(1), third(2)]);
    flushTo(output, socket);
    expect(socket.writes).toBe(1);
    expect(Buffer.concat(socket.copies)).toEqual(records);
    // Neighbours in another order are not neighbours; nor are small slices of two buffers.
    output.appendAll([third(1), third(0), Buffer.from('x'), Buffer.from('y')]);
    flushTo(output, socket);
    expect(Buffer.concat(socket.copies.slice(1))).toEqual(Buffer.concat([third(1), third(0), Buffer.from('xy')]));
  });

  it('begins its slab again only when the socket has copied everything', () => {
    const output = new OutputBuffer();
    const socket = Object.assign(new HoldingSocket(), { copiesOnWrite: true, bufferedBytes: 0 });
    output.append(Buffer.from('one'));
    flushTo(output, socket);
    socket.bufferedBytes = 5;
    output.append(Buffer.from('second'));
    flushTo(output, socket);
    expect(socket.held[1]?.byteOffset).toBe(socket.held[0]?.byteOffset);
    output.append(Buffer.from('third'));
    flushTo(output, socket);
    // `second` is not in the system yet: it keeps its memory.
    expect(Buffer.from(socket.held[1]!).toString()).toBe('second');
    expect(socket.copies.map(String)).toEqual(['one', 'second', 'third']);
  });

  it('copies what has to be copied, whatever its size', () => {
    const output = new OutputBuffer();
    const socket = new HoldingSocket();
    const large = Buffer.alloc(3 * uncopiedBytesMin, 7);
    output.copy(large);
    large.fill(0);
    flushTo(output, socket);
    expect(socket.copies[0]).toEqual(Buffer.alloc(3 * uncopiedBytesMin, 7));
  });
});
