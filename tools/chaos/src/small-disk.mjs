import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const CHUNK = Buffer.alloc(64 * 1024, 0xb7);

/** Why a small file system cannot be mounted here; undefined when it can. @returns {string | undefined} */
export function mountMissing() {
  if (process.platform !== 'linux') return 'a small disk is made with tmpfs, which Linux has';
  if (process.getuid?.() !== 0) return 'mounting a tmpfs needs root';
  return undefined;
}

/** A file system of its own, in memory, that can be filled up from outside of the broker. */
export class SmallDisk {
  /** @param {string} directory @param {number} mebibytes */
  constructor(directory, mebibytes) {
    this.directory = directory;
    this.ballast = path.join(directory, 'ballast');
    fs.mkdirSync(directory, { recursive: true });
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mount failed: ${stderr}`);
  }

  get freeBytes() {
    const { bavail, bsize } = fs.statfsSync(this.directory);
    return bavail * bsize;
  }

  /** Takes all space that is left. @returns {number} bytes */
  fill() {
    const fd = fs.openSync(this.ballast, 'a');
    let taken = 0;
    try {
      for (let size = CHUNK.length; size >= 1; ) {
        try {
          taken += fs.writeSync(fd, CHUNK, 0, size);
        } catch (error) {
          if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOSPC') throw error;
          size = size > 4096 ? 4096 : Math.floor(size / 64);
        }
      }
    } finally {
      fs.closeSync(fd);
    }
    return taken;
  }

  empty() {
    fs.rmSync(this.ballast, { force: true });
  }

  unmount() {
    spawnSync('umount', ['-l', this.directory]);
  }
}
