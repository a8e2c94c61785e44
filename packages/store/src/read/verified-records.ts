import { createCipheriv, getCiphers } from 'node:crypto';
import type { Clock } from '@kitemq/runtime';
import { physicalOffsetAt, recordSizeAt } from '@kitemq/protocol';
import { isWholeRecord } from '../commit-log/record-format.ts';

/** No record is shorter than this, so at most one begins in each such piece of a block. */
const granuleBytes = 64;

/** Blocks whose digest is remembered: 4 GiB of log for some 10 MB. */
export const digestsMax = 8_192;

/** A block's digest is worth its cost when at least this share of it was checked: what is read so densely once is mostly read again. */
const checkedShareMin = 1 / 4;

/**
 * So long (ms) after this process wrote a part of the log, or read it from disk and found it as it had been, it is taken to be so still: several groups catch up
 * together, and the system's memory has it. What changes meanwhile can be handed out until the time is over, as from a block that is still in the cache;
 * clients do not check by default. 0: each read is checked.
 */
export const trustedMs = 60_000;

/** Of a block whose records need none. */
export const noMarks: Uint8Array = new Uint8Array(0);

/** What the marks need to know of a block. */
export interface CheckedBlock {
  /** Log position of the first byte. */
  readonly start: number;
  readonly bytes: Buffer;
  readonly length: number;
  /** True when it cannot grow any more: only then is it remembered. */
  readonly isWhole: boolean;
  /** True when this process wrote all of it within {@link trustedMs}: only that records are where they should be is looked at. */
  readonly isNew: boolean;
  /** Of the records that begin in it, those that were found to be whole: one bit per granule. */
  marks: Uint8Array;
  /** Sum of their sizes. */
  checkedBytes: number;
  /** Monotonic time at which it was read from disk. */
  readonly readAt: number;
  /** Of all its bytes; undefined when it was not worth its cost. */
  readonly digest: Uint8Array | undefined;
}

interface Digest {
  readonly length: number;
  readonly digest: Uint8Array;
  readonly marks: Uint8Array;
  readonly checkedBytes: number;
  /** When the bytes were last read and had this digest. */
  readAt: number;
}

/**
 * Remembers which records are known to be whole, so that a log that is read again (by the next group, by the next replay) is not checked record by
 * record again: a CRC-32 of 1 KiB with the call around it takes 0.5 µs. A block that is read ahead, or again, is digested (60 µs for 512 KiB), once a minute. When it is
 * dropped, the digest is kept with the marks; when it is read again and has the same digest, the marks are true again. Bytes that changed meanwhile, by
 * whatever accident, have another digest, and their records are checked one by one.
 */
export class VerifiedRecords {
  /** By start position, oldest first. */
  readonly #digests = new Map<number, Digest>();
  readonly #blockBytes: number;
  readonly #clock: Clock;
  /** Blocks that were found as they had been, and those that were not. For tests and statistics. */
  confirmed = 0;
  refuted = 0;

  constructor(blockBytes: number, clock: Clock) {
    this.#blockBytes = blockBytes;
    this.#clock = clock;
  }

  get size(): number {
    return this.#digests.size;
  }

  /** True when the block is known: then it takes a digest to know it again. */
  has(start: number): boolean {
    return this.#digests.has(start);
  }

  /** True when the block was found as it had been so lately that it needs no digest to be known. */
  isTrusted(start: number): boolean {
    const known = this.#digests.get(start);
    return known !== undefined && this.#clock.monotonic() - known.readAt < trustedMs;
  }

  /** The block was read: gives it its marks, those that are known of it or new ones. */
  restore(block: CheckedBlock): void {
    if (!block.isNew && !this.#recall(block)) block.marks = new Uint8Array(this.#blockBytes / granuleBytes / 8);
  }

  #recall(block: CheckedBlock): boolean {
    const known = this.#digests.get(block.start);
    if (known === undefined) return false;
    const { digest } = block;
    if (digest === undefined && !this.isTrusted(block.start)) return false;
    if (known.length === block.length && (digest === undefined || Buffer.compare(known.digest, digest) === 0)) {
      if (digest !== undefined) {
        this.confirmed++;
        known.readAt = block.readAt;
      }
      block.marks = known.marks;
      block.checkedBytes = known.checkedBytes;
      return true;
    }
    // It has grown, or something changed it.
    this.refuted++;
    this.#digests.delete(block.start);
    return false;
  }

  /** The block is dropped. */
  remember(block: CheckedBlock): void {
    const { digest } = block;
    if (digest === undefined || !block.isWhole || block.checkedBytes < this.#blockBytes * checkedShareMin) return;
    const known = this.#digests.get(block.start);
    if (known !== undefined && known.marks === block.marks) return;
    this.#digests.delete(block.start);
    this.#digests.set(block.start, { length: block.length, digest, marks: block.marks, checkedBytes: block.checkedBytes, readAt: block.readAt });
    if (this.#digests.size <= digestsMax) return;
    for (const oldest of this.#digests.keys()) {
      this.#digests.delete(oldest);
      break;
    }
  }
}

/** As `isWholeRecord`, for a record that begins in `block` at `offset`; looks only once at those that are whole. */
export function isWholeInBlock(block: CheckedBlock, offset: number, size: number): boolean {
  const { bytes, marks } = block;
  const granule = Math.floor(offset / granuleBytes);
  const bit = 1 << (granule & 7);
  const position = block.start + offset;
  if (block.isNew || (marks[granule >> 3]! & bit) !== 0) return recordSizeAt(bytes, offset) === size && physicalOffsetAt(bytes, offset) === position;
  if (!isWholeRecord(bytes, offset, size, position)) return false;
  marks[granule >> 3]! |= bit;
  block.checkedBytes += size;
  return true;
}

/** AES-GCM that encrypts nothing: its GHASH makes 9 GB/s where Node's CRC-32 makes 4. It is to find accidents, not attackers: key and nonce are no secret. */
const cipher = 'aes-128-gcm';
const key: Buffer = Buffer.alloc(16, 'kitemq');
const nonce: Buffer = Buffer.alloc(12);
const canDigest: boolean = getCiphers().includes(cipher);

/** The digest of the first `length` bytes of `memory`, to tell whether they are the same as they were; undefined where there is no way to make one. */
export function digestOf(memory: Buffer, length: number): Uint8Array | undefined {
  if (!canDigest) return undefined;
  const digest = createCipheriv(cipher, key, nonce, { authTagLength: 16 });
  digest.setAAD(memory.subarray(0, length), { plaintextLength: 0 });
  digest.final();
  return digest.getAuthTag();
}
