import { array, scalar } from './shape.ts';
import type { Shape } from './shape.ts';
import { struct } from './struct.ts';
import type { ValueOf } from './struct.ts';

/** Which offsets are acknowledged, counted from `so`: base64 of the bytes of a Java BitSet, least significant bit first. */
const bitSetShape: Shape<number[]> = {
  label: 'base64 bit set',
  absent: () => [],
  read: (value) => bitsFrom(Buffer.from(typeof value === 'string' ? value : '', 'base64')),
  write: (bits) => JSON.stringify(bytesOf(bits).toString('base64')),
};

function bitsFrom(bytes: Uint8Array): number[] {
  const bits: number[] = [];
  for (let index = 0; index < bytes.length; index++) {
    for (let bit = 0; bit < 8; bit++) if ((bytes[index]! & (1 << bit)) !== 0) bits.push(index * 8 + bit);
  }
  return bits;
}

function bytesOf(bits: readonly number[]): Buffer {
  const bytes = Buffer.alloc(bits.length === 0 ? 0 : (Math.max(...bits) >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3]! |= 1 << (bit & 7);
  return bytes;
}

/** The acknowledged messages of one pop of one queue. Keys as short as on the wire. */
export const BatchAck = struct('BatchAck', {
  /** Consumer group. */
  c: scalar.string(),
  /** Topic. */
  t: scalar.string(),
  /** `0` normal topic, `1` retry topic, `2` retry topic of the second naming. */
  r: scalar.string('0'),
  /** Queue offset that bit 0 stands for. */
  so: scalar.long(),
  q: scalar.int(),
  /** Revive queue id. */
  rq: scalar.int(),
  /** Pop time, ms. */
  pt: scalar.long(),
  /** Invisible time, ms. */
  it: scalar.long(),
  b: bitSetShape,
});
export type BatchAck = ValueOf<typeof BatchAck>;

export const BatchAckMessageRequestBody = struct('BatchAckMessageRequestBody', { brokerName: scalar.string(), acks: array(BatchAck) });
export type BatchAckMessageRequestBody = ValueOf<typeof BatchAckMessageRequestBody>;
