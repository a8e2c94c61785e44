import type { SimulatedRandom } from '../core/simulated-random.ts';
import type { Incarnation } from '../core/incarnation.ts';
import { KeyValueImage } from '../key-value/key-value-image.ts';
import type { DiskFaults } from './disk-faults.ts';
import { healthyDisk } from './disk-faults.ts';
import type { FileNode, PowerCutStyle } from './file-node.ts';
import { NameSpace } from './name-space.ts';

/** When, relative to the operation that it hits, a planned crash happens. */
export type CrashMoment = 'before' | 'during' | 'after';

/** One holding of a lock: an object of its own, so that a late release cannot end another one. */
export interface LockClaim {
  readonly owner: Incarnation;
}

/** A machine's disk: what outlives its processes, and the controls of a test. */
export class MachineDisk {
  /** How it behaves; change at will. */
  faults: DiskFaults = healthyDisk();
  /** Size of the disk; lower it to fill the disk up. */
  totalBytes: number = 2 ** 40;
  usedBytes = 0;
  /** Changes of the disk (writes, syncs, entries, commits) so far: places where a crash can be planned. */
  operations = 0;
  /** The style of the next power cuts; undefined: drawn each time. */
  powerCutStyle: PowerCutStyle | undefined = undefined;
  readonly names: NameSpace = new NameSpace();
  readonly locks: Map<string, LockClaim> = new Map();
  readonly keyValues: Map<string, KeyValueImage> = new Map();
  readonly random: SimulatedRandom;
  #crashAt: number | undefined = undefined;

  constructor(random: SimulatedRandom) {
    this.random = random;
  }

  /** Lets the process that makes the `count`-th change from now on crash on it. Undefined: no crash. */
  crashAfterOperations(count: number | undefined): void {
    this.#crashAt = count === undefined ? undefined : this.operations + count;
  }

  /** Counts a change; says when the crash planned for it is due. */
  step(): CrashMoment | undefined {
    this.operations++;
    if (this.#crashAt === undefined || this.operations < this.#crashAt) return undefined;
    this.#crashAt = undefined;
    return this.random.pick(['before', 'during', 'after']);
  }

  keyValue(path: string): KeyValueImage {
    const image = this.keyValues.get(path) ?? new KeyValueImage();
    this.keyValues.set(path, image);
    return image;
  }

  /** What was at or below `source` is at or below `target`. */
  renameKeyValues(source: string, target: string): void {
    for (const [path, image] of this.keyValues) {
      if (path !== source && !path.startsWith(`${source}/`)) continue;
      this.keyValues.delete(path);
      this.keyValues.set(target + path.slice(source.length), image);
    }
  }

  /** The process is gone, the system lives: caches stay. */
  processDied(owner: Incarnation): void {
    for (const [path, holder] of this.locks) {
      if (holder.owner === owner) this.locks.delete(path);
    }
    for (const image of this.keyValues.values()) image.processDied(owner);
  }

  /** What was not synced is kept, lost or torn. */
  powerCut(): void {
    this.names.powerCut(this.random);
    for (const file of this.names.files()) {
      const style = this.powerCutStyle ?? this.random.pick<PowerCutStyle>(['kept', 'lost', 'lost', 'prefix', 'prefix', 'mixed', 'mixed']);
      file.powerCut(style, this.random);
      file.allocatedEnd = Math.min(file.allocatedEnd, file.platter.size);
    }
    for (const [path, image] of this.keyValues) {
      if (this.names.entries.has(path)) image.powerCut(this.random);
      else this.keyValues.delete(path);
    }
    this.locks.clear();
    this.#crashAt = undefined;
  }

  /** Inverts a bit of a file at `position` (or somewhere). @returns the position */
  flipBit(path: string, position?: number): number {
    const file = this.names.entries.get(path) as FileNode;
    const at = position ?? this.random.below(Math.max(1, file.cache.size));
    file.flipBit(at, this.random.below(8));
    return at;
  }
}
