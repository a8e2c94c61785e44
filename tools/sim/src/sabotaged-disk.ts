import type { Disk, DiskFile, Timers } from '@kitemq/runtime';

/** Writes reach the operating system so much later than the program thinks, milliseconds. */
const writeDelayMs = 4;

/**
 * A disk for a program that acknowledges before it writes: each write is put off. A process that is killed meanwhile loses it;
 * as long as it lives nothing can be noticed.
 */
export const writeLater = (disk: Disk, timers: Timers): Disk =>
  new Proxy(disk, {
    get(target, name): unknown {
      if (name === 'openSync') return (path: string, mode: 'read' | 'write' | 'create') => lateFile(target.openSync(path, mode), timers);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

/** All handles of a path share what is put off. */
const lateFile = (file: DiskFile, timers: Timers): DiskFile => {
  let waiting: (() => void)[] = [];
  const settle = (): void => {
    const due = waiting;
    waiting = [];
    for (const write of due) write();
  };
  return {
    path: file.path,
    writeSync: (source, sourceOffset, length, position) => {
      const copy = new Uint8Array(source.subarray(sourceOffset, sourceOffset + length));
      waiting.push(() => file.writeSync(copy, 0, length, position));
      if (waiting.length === 1) timers.setTimeout(settle, writeDelayMs);
    },
    readSync: (target, targetOffset, length, position) => (settle(), file.readSync(target, targetOffset, length, position)),
    read: (target, targetOffset, length, position, done) => (settle(), file.read(target, targetOffset, length, position, done)),
    // The lie: what waits is not waited for.
    datasync: (done) => file.datasync(done),
    datasyncSync: () => file.datasyncSync(),
    truncateSync: (length) => (settle(), file.truncateSync(length)),
    sizeSync: () => (settle(), file.sizeSync()),
    closeSync: () => (settle(), file.closeSync()),
    closeInBackground: () => (settle(), file.closeInBackground()),
  };
};
