import type { Clock } from '@kitemq/runtime';
import { encodeRecord, recordSizeOf, type RecordFields } from '@kitemq/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { digestOf, digestsMax, isWholeInBlock, noMarks, trustedMs, VerifiedRecords, type CheckedBlock } from '../../src/read/verified-records.ts';

const blockBytes = 8_192;

let now = 0;
const clock: Clock = { now: () => now, monotonic: () => now };
beforeEach(() => void (now = 0));

function digest(bytes: Buffer): Uint8Array | undefined {
  return digestOf(bytes, bytes.length);
}

function fields(physicalOffset: number, body: string): RecordFields {
  const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
  return {
    ...{ topic: Buffer.from('T'), queueId: 0, flag: 0, queueOffset: 0, physicalOffset, sysFlag: 0, bornTimestamp: 1, bornHost: host, storeTimestamp: 2, storeHost: host },
    ...{ reconsumeTimes: 0, preparedTransactionOffset: 0, body: Buffer.from(body), properties: Buffer.from('a\u0001b\u0002') },
  };
}

/** A block full of records, as it is read from disk, and where these are. */
function blockAt(start: number, verified: VerifiedRecords): { block: CheckedBlock; places: { offset: number; size: number }[] } {
  const bytes = Buffer.alloc(blockBytes + 1000);
  const places: { offset: number; size: number }[] = [];
  for (let offset = 0; offset < blockBytes; ) {
    const record = fields(start + offset, `body ${offset}`.repeat(1 + (offset % 7)));
    const size = recordSizeOf(record);
    encodeRecord(bytes, offset, record);
    places.push({ offset, size });
    offset += size;
  }
  const block: CheckedBlock = { start, bytes, length: bytes.length, isWhole: true, isNew: false, marks: noMarks, checkedBytes: 0, readAt: now, digest: digest(bytes) };
  verified.restore(block);
  return { block, places };
}

const checkAll = (block: CheckedBlock, places: readonly { offset: number; size: number }[]): boolean[] => places.map(({ offset, size }) => isWholeInBlock(block, offset, size));
/** The block as it is read once more, after something was done to it. */
function again(block: CheckedBlock, verified: VerifiedRecords, change: (bytes: Buffer) => void = () => {}): CheckedBlock {
  const bytes = Buffer.from(block.bytes);
  change(bytes);
  return { ...block, bytes, marks: noMarks, checkedBytes: 0, readAt: now, digest: digest(bytes) };
}

describe('records of a block', () => {
  it('are checked once; a wrong size or place is no record whatever is marked', () => {
    const verified = new VerifiedRecords(blockBytes, clock);
    const { block, places } = blockAt(1_000_000, verified);
    expect(checkAll(block, places).every(Boolean)).toBe(true);
    expect(block.checkedBytes).toBe(places.reduce((sum, { size }) => sum + size, 0));
    // Nobody looks at the body a second time.
    const third = places[2]!;
    block.bytes[third.offset + 90]! ^= 1;
    expect(isWholeInBlock(block, third.offset, third.size)).toBe(true);
    expect(isWholeInBlock(block, third.offset, third.size + 1)).toBe(false);
    expect(isWholeInBlock(block, third.offset + 1, third.size)).toBe(false);
    expect(isWholeInBlock({ ...block, start: block.start + 1 }, third.offset, third.size)).toBe(false);
  });

  it('are known again when the block comes back unchanged', () => {
    const verified = new VerifiedRecords(blockBytes, clock);
    const { block, places } = blockAt(0, verified);
    checkAll(block, places.slice(0, -2));
    verified.remember(block);
    const back = again(block, verified);
    verified.restore(back);
    expect(verified).toMatchObject({ confirmed: 1, refuted: 0, size: 1 });
    expect(back.checkedBytes).toBe(block.checkedBytes);
    expect(back.marks).toEqual(block.marks);
    // Those that nobody had checked still are.
    back.bytes[places.at(-1)!.offset + 90]! ^= 1;
    expect(isWholeInBlock(back, places.at(-1)!.offset, places.at(-1)!.size)).toBe(false);
  });

  it('are all checked again when any byte of the block has changed', () => {
    const verified = new VerifiedRecords(blockBytes, clock);
    const { block, places } = blockAt(0, verified);
    checkAll(block, places);
    for (const [count, place] of [places[1]!, places[20]!, places.at(-1)!].entries()) {
      verified.remember(block);
      const back = again(block, verified, (bytes) => (bytes[place.offset + 90]! ^= 0x10));
      verified.restore(back);
      expect(verified).toMatchObject({ confirmed: 0, refuted: count + 1, size: 0 });
      expect(checkAll(back, places).indexOf(false)).toBe(places.indexOf(place));
    }
  });

  it('are known without a digest for a while after the block was read, counted from then on', () => {
    const verified = new VerifiedRecords(blockBytes, clock);
    const { block, places } = blockAt(0, verified);
    checkAll(block, places);
    now = 1_000;
    verified.remember(block);
    const back = (withDigest: boolean): CheckedBlock => ({ ...block, marks: noMarks, checkedBytes: 0, readAt: now, digest: withDigest ? block.digest : undefined });
    const isKnown = (candidate: CheckedBlock): boolean => {
      verified.restore(candidate);
      return candidate.checkedBytes > 0;
    };
    now = trustedMs - 1;
    expect(verified.isTrusted(0)).toBe(true);
    expect(isKnown(back(false))).toBe(true);
    now = trustedMs;
    expect(verified.isTrusted(0)).toBe(false);
    expect(isKnown(back(false))).toBe(false);
    expect(isKnown(back(true))).toBe(true);
    now += trustedMs - 1;
    expect(isKnown(back(false))).toBe(true);
    expect(verified.isTrusted(blockBytes)).toBe(false);
  });

  it('are looked at for their place only when this process wrote them lately', () => {
    const verified = new VerifiedRecords(blockBytes, clock);
    const old = blockAt(1_000_000, verified);
    const block: CheckedBlock = { ...old.block, isNew: true, marks: noMarks, digest: undefined };
    verified.restore(block);
    const third = old.places[2]!;
    block.bytes[third.offset + 90]! ^= 1;
    expect(isWholeInBlock(block, third.offset, third.size)).toBe(true);
    expect(isWholeInBlock(block, third.offset, third.size + 1)).toBe(false);
    expect(isWholeInBlock(block, third.offset + 1, third.size)).toBe(false);
    verified.remember(block);
    expect(verified.size).toBe(0);
  });

  it('are not remembered when few were read, or when the block can still grow', () => {
    const verified = new VerifiedRecords(blockBytes, clock);
    const { block, places } = blockAt(0, verified);
    checkAll(block, places.slice(0, 3));
    verified.remember(block);
    expect(verified.size).toBe(0);
    checkAll(block, places);
    verified.remember({ ...block, isWhole: false });
    verified.remember({ ...block, digest: undefined });
    expect(verified.size).toBe(0);
    verified.remember(block);
    verified.remember(block);
    expect(verified.size).toBe(1);
    const longer = again({ ...block, bytes: Buffer.concat([block.bytes, Buffer.alloc(1)]), length: block.length + 1 }, verified);
    verified.restore(longer);
    expect(longer.checkedBytes).toBe(0);
  });
});

it('only so many blocks are remembered, the oldest is forgotten first', () => {
  const verified = new VerifiedRecords(64, clock);
  const bytes = Buffer.alloc(64);
  const block = (start: number): CheckedBlock => ({ start, bytes, length: 64, isWhole: true, isNew: false, marks: noMarks, checkedBytes: 64, readAt: now, digest: Buffer.of(7) });
  for (let number = 0; number <= digestsMax; number++) verified.remember(block(number));
  expect(verified.size).toBe(digestsMax);
  verified.restore(block(0));
  expect(verified.confirmed).toBe(0);
  verified.restore(block(1));
  expect(verified.confirmed).toBe(1);
});
