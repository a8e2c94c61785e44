import type { Disk, Logger } from '@kitemq/runtime';
import type { BrokerSettings } from '../config/broker-settings.ts';

/** The disk is looked at this often (Apache: every 10 s, in which a fast producer fills the tenth that is left). */
export const diskCheckMs = 1_000;

/** Refuses sends before the disk is full, so that reads, offsets and clean-up still have room; takes them again by itself. */
export class DiskGuard {
  #full = false;
  readonly #disk: Disk;
  readonly #path: string;
  readonly #config: Pick<BrokerSettings, 'diskSpaceWarningLevelRatio' | 'diskFreeBytesEnough'>;
  readonly #logger: Logger;

  constructor(disk: Disk, path: string, config: Pick<BrokerSettings, 'diskSpaceWarningLevelRatio' | 'diskFreeBytesEnough'>, logger: Logger) {
    this.#disk = disk;
    this.#path = path;
    this.#config = config;
    this.#logger = logger;
  }

  /** True while sends are to be refused. */
  get full(): boolean {
    return this.#full;
  }

  /** Used share of the file system, 0 to 1; 0 when it cannot be told. */
  usedRatio(): number {
    const { totalBytes, freeBytes } = this.#disk.spaceSync(this.#path);
    return totalBytes === 0 ? 0 : 1 - freeBytes / totalBytes;
  }

  check(): void {
    const { diskSpaceWarningLevelRatio, diskFreeBytesEnough } = this.#config;
    const { totalBytes, freeBytes } = this.#disk.spaceSync(this.#path);
    const used = totalBytes === 0 ? 0 : 1 - freeBytes / totalBytes;
    const full = used * 100 > diskSpaceWarningLevelRatio && freeBytes < diskFreeBytesEnough;
    if (full !== this.#full) this.#logger.warn({ path: this.#path, usedRatio: used, freeBytes }, full ? 'the disk is nearly full: sends are refused' : 'the disk has room again: sends are taken');
    this.#full = full;
  }
}
