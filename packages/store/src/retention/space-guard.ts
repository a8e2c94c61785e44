import type { Disk, Logger, TimerHandle, Timers } from '@kitemq/runtime';

/** While sends are refused: how often it is asked whether there is space again. */
const probeMs = 1000;
/** Space kept for the store's own records, snapshots and checkpoints, unless the disk or the segments are small: then a part of them. */
const reserveBytesUsual: number = 16 * 1024 * 1024;
const reservePart = 0.05;
const segmentPart = 0.25;
/** Below this part of the reserve messages are refused … */
const messagesPart = 0.5;
/** … and below this one also those that are on their way already (delayed ones): what is left is for retention, which alone makes space. */
const movedPart = 0.25;
/** The disk is looked at after this part of the reserve was written. */
const lookPart = 0.125;

/** What may be appended: everything, what may use the reserve, the store's own records. */
export type SpaceLeft = 'all' | 'reserve' | 'own';

export interface SpaceGuardOptions {
  readonly disk: Disk;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly path: string;
  readonly segmentBytes: number;
  /** From now on this may be appended. */
  changed(left: SpaceLeft): void;
}

/**
 * Refuses messages before the disk is really full, so that consumer offsets, settings and what retention has to write still find room.
 * It looks at the disk as the log grows, not by the clock: a fast producer fills any disk between two ticks. Takes messages again by itself.
 */
export class SpaceGuard {
  readonly #options: SpaceGuardOptions;
  #probe: TimerHandle | undefined;
  #full = false;
  #lookAt: number;
  #stopped = false;

  /** `position`: where the log ends. */
  constructor(options: SpaceGuardOptions, position: number) {
    this.#options = options;
    this.#lookAt = position;
  }

  get full(): boolean {
    return this.#full;
  }

  /** The log was written up to `position`. Cheap when the disk need not be looked at. */
  written(position: number): void {
    if (position < this.#lookAt || this.#stopped) return;
    const space = this.#space();
    if (space === undefined) return;
    const { free, reserve } = space;
    this.#lookAt = position + Math.ceil(reserve * lookPart);
    if (!this.#full && free < reserve * messagesPart) this.#refuse({ freeBytes: free });
    if (this.#full && free < reserve * movedPart) this.#options.changed('own');
  }

  /** A write found no space, or no file could be opened for it. */
  diskFull(error: Error): void {
    if (!this.#full) this.#refuse({ error });
  }

  stop(): void {
    this.#stopped = true;
    this.#options.timers.clear(this.#probe);
  }

  #refuse(cause: Readonly<Record<string, unknown>>): void {
    const { logger, path, timers, changed } = this.#options;
    logger.error({ ...cause, path }, 'the log cannot grow: sends are refused until it can, reads go on');
    this.#full = true;
    changed('reserve');
    if (!this.#stopped) this.#probe = timers.setTimeout(this.#onProbe, probeMs);
  }

  readonly #onProbe = (): void => {
    const { logger, path, timers, changed } = this.#options;
    const space = this.#space();
    if (space === undefined || space.free < space.reserve) {
      this.#probe = timers.setTimeout(this.#onProbe, probeMs);
      return;
    }
    logger.info({ path, freeBytes: space.free }, 'the log can grow again: sends are accepted');
    this.#full = false;
    changed('all');
  };

  /** Undefined when it cannot be told. */
  #space(): { readonly free: number; readonly reserve: number } | undefined {
    const { disk, path, segmentBytes } = this.#options;
    try {
      const { freeBytes, totalBytes } = disk.spaceSync(path);
      return { free: freeBytes, reserve: Math.min(reserveBytesUsual, Math.ceil(segmentBytes * segmentPart), Math.ceil(totalBytes * reservePart)) };
    } catch {
      return undefined;
    }
  }
}
