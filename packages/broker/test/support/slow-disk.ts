import { NodeDisk, type DiskFile, type OpenMode } from '@kitemq/runtime';

/** The machine's disk, whose datasyncs of the commit log can be held. */
export class SlowDisk extends NodeDisk {
  holds = false;
  #held: (() => void)[] = [];

  get heldSyncs(): number {
    return this.#held.length;
  }

  release(): void {
    this.holds = false;
    for (const go of this.#held.splice(0)) go();
  }

  override openSync(path: string, mode: OpenMode): DiskFile {
    const file = super.openSync(path, mode);
    if (!path.includes('/commitlog/')) return file;
    const datasync = file.datasync.bind(file);
    file.datasync = (done) => {
      if (this.holds) this.#held.push(() => datasync(done));
      else datasync(done);
    };
    return file;
  }
}
