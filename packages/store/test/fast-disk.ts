import { writeFileSync } from 'node:fs';
import { NodeDisk, type DiskFile, type OpenMode, type Runtime } from '@kitemq/runtime';
import { testRuntime } from './support.ts';

/** The machine's disk without waiting for it: for tests that open a store thousands of times and cut no power. */
class FastDisk extends NodeDisk {
  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    file.datasyncSync = () => undefined;
    file.datasync = (done) => queueMicrotask(() => done(undefined));
    return file;
  }

  override replaceFileSync(path: string, content: Uint8Array): void {
    writeFileSync(path, content);
  }

  override syncDirectorySync(): void {}
}

export function fastRuntime(): Runtime {
  return { ...testRuntime(), disk: new FastDisk() };
}
