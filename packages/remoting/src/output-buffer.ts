import type { NetworkSocket } from '@kitemq/runtime';
import type { SlabPool } from './slab-pool.ts';

/** Bodies of at least this size are handed to the socket as they are; smaller ones are copied behind their head. Measured: docs in README. */
export const uncopiedBytesMin = 4_096;

/** The first slab of a connection is small (a share of Node's pool); a busy one grows to blocks of 64 KiB. */
const slabBytesMin = 2_048;
const slabBytesMax = 65_536;
/** A slab of more than this is made for one body, and not kept. */
const slabKeptBytesMax = 4 * slabBytesMax;

/**
 * The answers of one turn of the event loop to one connection, gathered so that they leave in one write.
 * Heads and small bodies are copied into a slab. Bytes that the socket may still hold are never written again: a slab is appended to until
 * it is full, and begun again (or given back to the pool) only when the socket is known to hold nothing. Otherwise the garbage collector frees it when
 * the last socket is done with it.
 */
export class OutputBuffer {
  /** Bytes gathered and not yet handed to the socket. */
  pendingBytes = 0;
  /** Where the next small piece goes: `slab[slabEnd…]`, after `reserve`. */
  slab: Buffer | undefined;
  slabEnd = 0;
  /** Where slabs come from; only for sockets that copy what is written to them. To be changed while nothing was gathered yet. */
  pool: SlabPool | undefined;
  private openStart = 0;
  private nextSlabBytes = slabBytesMin;
  private readonly pieces: Uint8Array[] = [];
  /** True when the slab is one of the pool's. */
  private isPooled = false;
  /** Slabs of the pool before it, whose pieces are not in the system yet. */
  private readonly full: Buffer[] = [];

  constructor(pool?: SlabPool) {
    this.pool = pool;
  }

  /** Makes room for `size` bytes at `slab[slabEnd]`; write there, then call `commit` with what was used. */
  reserve(size: number): Buffer {
    const slab = this.slab;
    if (slab !== undefined && slab.length - this.slabEnd >= size) return slab;
    return this.newSlab(size);
  }

  commit(size: number): void {
    this.slabEnd += size;
    this.pendingBytes += size;
  }

  /** Adds body bytes: copied when small, else as they are (they must not change any more). */
  append(bytes: Uint8Array): void {
    const size = bytes.length;
    if (size >= uncopiedBytesMin) this.appendUncopied(bytes);
    else this.copy(bytes);
  }

  /** Adds a copy of the bytes. */
  copy(bytes: Uint8Array): void {
    this.reserve(bytes.length).set(bytes, this.slabEnd);
    this.commit(bytes.length);
  }

  /** Adds the pieces of one body. Pieces that lie one behind the other in memory, as records of one read do, count as one. */
  appendAll(pieces: readonly Uint8Array[]): void {
    for (let i = 0; i < pieces.length; ) {
      const first = pieces[i++]!;
      let end = first.byteOffset + first.length;
      while (i < pieces.length && pieces[i]!.byteOffset === end && pieces[i]!.buffer === first.buffer) end += pieces[i++]!.length;
      const size = end - first.byteOffset;
      this.append(size === first.length ? first : new Uint8Array(first.buffer, first.byteOffset, size));
    }
  }

  /** Hands everything to the socket in one go. */
  flush(socket: NetworkSocket): void {
    if (this.pendingBytes === 0) return;
    this.closeOpenPiece();
    const pieces = this.pieces;
    if (pieces.length === 1) socket.write(pieces[0]!);
    else {
      socket.cork();
      for (let i = 0; i < pieces.length; i++) socket.write(pieces[i]!);
      socket.uncork();
    }
    pieces.length = 0;
    this.pendingBytes = 0;
    // The operating system has a copy of everything, so nobody looks at the slabs any more.
    if (socket.copiesOnWrite === true && socket.bufferedBytes === 0) this.giveBack();
    else this.loseFull();
    // Of an unusually large answer.
    if (this.slab !== undefined && this.slab.length > slabKeptBytesMax) this.loseSlab();
  }

  /** Forgets the slab of a connection that is quiet, so that it costs no memory. */
  release(): void {
    if (this.pendingBytes > 0) return;
    this.loseSlab();
    this.nextSlabBytes = slabBytesMin;
  }

  clear(): void {
    this.pieces.length = 0;
    this.pendingBytes = 0;
    this.loseFull();
    this.loseSlab();
  }

  private appendUncopied(bytes: Uint8Array): void {
    this.closeOpenPiece();
    this.pieces.push(bytes);
    this.pendingBytes += bytes.length;
  }

  private newSlab(size: number): Buffer {
    this.closeOpenPiece();
    if (this.isPooled) this.full.push(this.slab!);
    const pooled = this.pool?.take(size);
    this.isPooled = pooled !== undefined;
    this.slab = pooled ?? this.ownSlab(size);
    this.slabEnd = 0;
    this.openStart = 0;
    return this.slab;
  }

  private ownSlab(size: number): Buffer {
    const bytes = Math.max(size, this.nextSlabBytes);
    this.nextSlabBytes = Math.min(slabBytesMax, this.nextSlabBytes * 4);
    // allocUnsafe carves small slabs out of Node's pool; large ones get memory of their own.
    return Buffer.allocUnsafe(bytes);
  }

  private giveBack(): void {
    for (let i = 0; i < this.full.length; i++) this.pool!.give(this.full[i]!);
    this.full.length = 0;
    if (this.isPooled) {
      this.pool!.give(this.slab!);
      this.slab = undefined;
      this.isPooled = false;
    }
    this.slabEnd = this.openStart = 0;
  }

  private loseFull(): void {
    for (let i = 0; i < this.full.length; i++) this.pool!.lose();
    this.full.length = 0;
  }

  private loseSlab(): void {
    if (this.isPooled) this.pool!.lose();
    this.isPooled = false;
    this.slab = undefined;
    this.slabEnd = this.openStart = 0;
  }

  private closeOpenPiece(): void {
    const slab = this.slab;
    if (slab === undefined || this.openStart === this.slabEnd) return;
    this.pieces.push(slab.subarray(this.openStart, this.slabEnd));
    this.openStart = this.slabEnd;
  }
}
