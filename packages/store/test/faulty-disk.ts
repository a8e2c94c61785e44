import { type DiskFile, type DiskSpace, NodeDisk, type OpenMode, type Runtime } from '@kitemq/runtime';
import { testRuntime } from './support.ts';

const systemError = (code: string): Error => Object.assign(new Error(`${code}: by the test`), { code });

/** The machine's disk with switches for what can go wrong. They concern files of the commit log only. */
export class FaultyDisk extends NodeDisk {
  /** Bytes that can still be written before the disk is full. */
  space = Number.MAX_SAFE_INTEGER;
  /** Fails the next writes with this code, half of the bytes having been written. */
  writeError: string | undefined;
  /** Fails the opening of files with this code. */
  openError: string | undefined;
  syncError: string | undefined;
  readError: string | undefined;
  truncateError: string | undefined;
  /** While set, flushes do not end; they do when it is cleared by {@link release}. */
  holdsSyncs = false;
  syncs = 0;
  /** Cuts of files that no flush has made durable. */
  unsyncedCuts = 0;
  #held: (() => void)[] = [];

  override openSync(path: string, mode: OpenMode): DiskFile {
    if (this.openError !== undefined && path.includes('/commitlog/')) throw systemError(this.openError);
    const file = super.openSync(path, mode);
    if (path.includes('/commitlog/')) this.#wrap(file);
    return file;
  }

  override spaceSync(path: string): DiskSpace {
    const { totalBytes } = super.spaceSync(path);
    return { totalBytes, freeBytes: Math.max(0, this.space) };
  }

  release(): void {
    this.holdsSyncs = false;
    for (const go of this.#held.splice(0)) go();
  }

  get heldSyncs(): number {
    return this.#held.length;
  }

  #wrap(file: DiskFile): void {
    const [writeSync, datasync, read, truncateSync] = [file.writeSync.bind(file), file.datasync.bind(file), file.read.bind(file), file.truncateSync.bind(file)];
    const datasyncSync = file.datasyncSync.bind(file);
    file.datasyncSync = () => {
      datasyncSync();
      this.unsyncedCuts = 0;
    };
    file.writeSync = (source, offset, length, position) => {
      const code = this.writeError ?? (length > this.space ? 'ENOSPC' : undefined);
      if (code !== undefined) {
        writeSync(source, offset, Math.floor(length / 2), position);
        throw systemError(code);
      }
      this.space -= length;
      writeSync(source, offset, length, position);
    };
    file.datasync = (done) => {
      this.syncs++;
      const go = (): void => {
        if (this.syncError === undefined) datasync(done);
        else queueMicrotask(() => done(systemError(this.syncError as string)));
      };
      if (this.holdsSyncs) this.#held.push(go);
      else go();
    };
    file.read = (target, offset, length, position, done) => {
      if (this.readError === undefined) read(target, offset, length, position, done);
      else queueMicrotask(() => done(systemError(this.readError as string), 0));
    };
    file.truncateSync = (length) => {
      if (this.truncateError !== undefined) throw systemError(this.truncateError);
      if (length < file.sizeSync()) this.unsyncedCuts++;
      truncateSync(length);
    };
  }
}

export function faultyRuntime(disk: FaultyDisk): Runtime {
  return { ...testRuntime(), disk };
}
