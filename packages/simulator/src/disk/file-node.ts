import type { SimulatedRandom } from '../core/simulated-random.ts';

/** The unit that a disk writes completely or not at all. */
export const sectorSize = 512;

/** A change of a file that the platter does not have yet. */
interface PendingChange {
  readonly sequence: number;
  /** Undefined: a truncation to `position`. */
  readonly data: Uint8Array | undefined;
  readonly position: number;
}

/** What becomes of the changes that were not synced when the power goes. */
export type PowerCutStyle = 'kept' | 'lost' | 'prefix' | 'mixed';

/** Bytes with a length of their own: what lies beyond the buffer is zero, so a big empty file costs nothing. */
class FileBytes {
  buffer: Uint8Array = new Uint8Array(0);
  size = 0;

  write(data: Uint8Array, position: number): void {
    const end = position + data.length;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2, 4096));
      grown.set(this.buffer);
      this.buffer = grown;
    }
    this.buffer.set(data, position);
    if (end > this.size) this.size = end;
  }

  truncate(length: number): void {
    if (length < this.buffer.length) this.buffer.fill(0, length);
    this.size = length;
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    const stored = Math.max(0, Math.min(count, this.buffer.length - position));
    if (stored > 0) target.set(this.buffer.subarray(position, position + stored), targetOffset);
    target.fill(0, targetOffset + stored, targetOffset + count);
    return count;
  }

  copyFrom(other: FileBytes): void {
    this.buffer = other.buffer.slice();
    this.size = other.size;
  }
}

/** A file: what processes see (the system's cache), what a power cut leaves (the platter), and the changes between. */
export class FileNode {
  readonly cache: FileBytes = new FileBytes();
  readonly platter: FileBytes = new FileBytes();
  modifiedTime = 0;
  /** Highest byte that occupies space. */
  allocatedEnd = 0;
  #pending: PendingChange[] = [];
  #sequence = 0;

  /** `data` must not change later. */
  write(data: Uint8Array, position: number): void {
    this.cache.write(data, position);
    this.#pending.push({ sequence: this.#sequence++, data, position });
  }

  truncate(length: number): void {
    this.cache.truncate(length);
    this.#pending.push({ sequence: this.#sequence++, data: undefined, position: length });
  }

  /** A mark for `synced`: the changes made so far. */
  get mark(): number {
    return this.#sequence;
  }

  get unsynced(): boolean {
    return this.#pending.length > 0;
  }

  /** The changes before `mark` have reached the platter. */
  synced(mark: number): void {
    const pending = this.#pending;
    let count = 0;
    while (count < pending.length && pending[count]!.sequence < mark) this.#apply(pending[count++]!);
    if (count > 0) this.#pending = pending.slice(count);
  }

  /** A sync failed: as on Linux, pages that it could not write count as clean from now on and will never be written. */
  abandon(mark: number, random: SimulatedRandom): void {
    this.#pending = this.#pending.filter((change) => change.sequence >= mark || random.chance(0.5));
  }

  /** The power is gone: the cache is lost, un-synced changes are kept, lost or torn. */
  powerCut(style: PowerCutStyle, random: SimulatedRandom): void {
    const pending = this.#pending;
    this.#pending = [];
    const reached = style === 'prefix' ? random.below(pending.length + 1) : 0;
    pending.forEach((change, index) => {
      if (style === 'kept' || (style === 'prefix' && index < reached)) this.#apply(change);
      else if (style === 'mixed' || (style === 'prefix' && index === reached)) this.#applyPartly(change, random);
    });
    this.cache.copyFrom(this.platter);
  }

  /** Inverts one bit, on the platter and in the cache. */
  flipBit(position: number, bit: number): void {
    for (const bytes of [this.cache, this.platter]) {
      if (position < bytes.buffer.length && position < bytes.size) bytes.buffer[position]! ^= 1 << bit;
    }
  }

  #apply(change: PendingChange): void {
    if (change.data === undefined) this.platter.truncate(change.position);
    else this.platter.write(change.data, change.position);
  }

  #applyPartly(change: PendingChange, random: SimulatedRandom): void {
    const { data, position } = change;
    const fate = random.below(5);
    if (fate === 0) return;
    if (fate === 1 || data === undefined) return this.#apply(change);
    // The file grew, its new blocks were never written.
    if (fate === 2) return this.platter.truncate(Math.max(this.platter.size, position + data.length));
    const prefixOnly = fate === 3;
    let keep = true;
    for (let at = 0; at < data.length; ) {
      const end = Math.min(data.length, at + sectorSize - ((position + at) % sectorSize));
      keep = prefixOnly ? keep && random.chance(0.5) : random.chance(0.5);
      if (keep) this.platter.write(data.subarray(at, end), position + at);
      at = end;
    }
  }
}
