import type { Clock, DiskCallback, DiskFile, ReadCallback } from '@kitemq/runtime';
import { copyBytes } from '../core/copy-bytes.ts';
import type { ProcessContext } from '../core/process-context.ts';
import type { FileNode } from './file-node.ts';
import { sectorSize } from './file-node.ts';
import { systemError } from './system-error.ts';

/** What a write that is cut short has done by then ends with a sector. */
const wholeSectors = (length: number, position: number): number => Math.max(0, length - ((position + length) % sectorSize));

export interface SimulatedFileOptions {
  readonly context: ProcessContext;
  readonly clock: Clock;
}

/** An open file of a simulated machine. */
export class SimulatedFile implements DiskFile {
  readonly path: string;
  readonly #node: FileNode;
  readonly #writable: boolean;
  readonly #context: ProcessContext;
  readonly #clock: Clock;
  #closed = false;

  constructor(path: string, node: FileNode, writable: boolean, options: SimulatedFileOptions) {
    this.path = path;
    this.#node = node;
    this.#writable = writable;
    this.#context = options.context;
    this.#clock = options.clock;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.#check('read');
    const { faults, random } = this.#context.machine;
    if (random.chance(faults.failReadProbability)) throw systemError('EIO', 'read', this.path);
    return this.#node.cache.read(target, targetOffset, length, position);
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number, done: ReadCallback): void {
    this.#check('read');
    const { faults, random } = this.#context.machine;
    const failed = random.chance(faults.failReadProbability);
    this.#context.later(random.between(...faults.readMs), () => {
      if (failed) done(systemError('EIO', 'read', this.path), 0);
      else done(undefined, this.#node.cache.read(target, targetOffset, length, position));
    });
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    this.#check('write');
    const { machine } = this.#context;
    const data = copyBytes(source, sourceOffset, sourceOffset + length);
    if (machine.random.chance(machine.faults.failWriteProbability)) {
      // The system copies page by page: what it has done ends with one.
      this.#write(data.subarray(0, wholeSectors(machine.random.below(length), position)), position);
      throw systemError('EIO', 'write', this.path);
    }
    this.#context.change(
      () => this.#write(data, position),
      () => this.#write(data.subarray(0, wholeSectors(machine.random.below(length), position)), position),
    );
  }

  datasync(done: DiskCallback): void {
    this.#check('fdatasync');
    const { machine } = this.#context;
    const { faults, random } = machine;
    const slow = random.chance(faults.slowDatasyncProbability) ? faults.slowDatasyncMs : 0;
    const mark = this.#node.mark;
    this.#context.later(random.between(...faults.datasyncMs) + slow, () => {
      let error: Error | undefined;
      this.#context.change(() => (error = this.#sync(mark)));
      done(error);
    });
  }

  datasyncSync(): void {
    this.#check('fdatasync');
    this.#context.change(() => {
      const error = this.#sync(this.#node.mark);
      if (error !== undefined) throw error;
    });
  }

  truncateSync(length: number): void {
    this.#check('ftruncate');
    const { machine } = this.#context;
    this.#context.change(() => {
      this.#node.truncate(length);
      const freed = Math.max(0, this.#node.allocatedEnd - length);
      this.#node.allocatedEnd -= freed;
      machine.usedBytes -= freed;
    });
  }

  sizeSync(): number {
    this.#check('fstat');
    return this.#node.cache.size;
  }

  closeSync(): void {
    this.#closed = true;
  }

  closeInBackground(): void {
    this.#closed = true;
  }

  #check(call: string): void {
    this.#context.checkAlive();
    if (this.#closed || (!this.#writable && (call === 'write' || call === 'ftruncate'))) throw systemError('EBADF', call, this.path);
  }

  /** Takes the space, then the bytes; a full disk takes what fits. */
  #write(data: Uint8Array, position: number): void {
    const { machine } = this.#context;
    const room = Math.max(0, machine.totalBytes - machine.usedBytes);
    const end = position + data.length;
    const isFull = end - this.#node.allocatedEnd > room;
    const taken = isFull ? wholeSectors(Math.max(0, this.#node.allocatedEnd + room - position), position) : data.length;
    if (taken > 0) {
      const growth = Math.max(0, position + taken - this.#node.allocatedEnd);
      machine.usedBytes += growth;
      this.#node.allocatedEnd += growth;
      this.#node.write(taken === data.length ? data : data.subarray(0, taken), position);
      this.#node.modifiedTime = this.#clock.now();
    }
    if (isFull) throw systemError('ENOSPC', 'write', this.path);
  }

  #sync(mark: number): Error | undefined {
    const { faults, random } = this.#context.machine;
    if (faults.ignoreDatasync) return undefined;
    if (random.chance(faults.failDatasyncProbability)) {
      this.#node.abandon(mark, random);
      return systemError('EIO', 'fdatasync', this.path);
    }
    this.#node.synced(mark);
    return undefined;
  }
}
