import type { Disk } from '@kitemq/runtime';

/** Files of the commit log that are open at a time, besides those with bytes that no fdatasync has confirmed. */
export const openSegmentsMax = 64;

/** A segment as {@link OpenSegments} sees it. */
export interface ClosableSegment {
  /** False while it has bytes that no fdatasync has confirmed: a file that is closed meanwhile may not tell of an error. */
  readonly isClosable: boolean;
  /** Closes the file; it is opened again when it is needed. A read under way ends well. */
  release(): void;
}

/** The segments of a disk whose files are open. A log may have more segments than a process may have handles: those not used for longest are closed. */
export class OpenSegments {
  /** The one used last at the end. */
  readonly #segments = new Set<ClosableSegment>();
  #latest: ClosableSegment | undefined;

  get count(): number {
    return this.#segments.size;
  }

  used(segment: ClosableSegment): void {
    if (segment === this.#latest) return;
    this.#latest = segment;
    this.#segments.delete(segment);
    this.#segments.add(segment);
    if (this.#segments.size > openSegmentsMax) this.#closeOldest();
  }

  closed(segment: ClosableSegment): void {
    this.#segments.delete(segment);
    if (this.#latest === segment) this.#latest = undefined;
  }

  #closeOldest(): void {
    for (const segment of this.#segments) {
      if (segment === this.#latest || !segment.isClosable) continue;
      this.#segments.delete(segment);
      segment.release();
      return;
    }
  }
}

const byDisk = new WeakMap<Disk, OpenSegments>();

/** The open segments of a disk: all stores on it share its handles. */
export function openSegmentsOf(disk: Disk): OpenSegments {
  let segments = byDisk.get(disk);
  if (segments === undefined) {
    segments = new OpenSegments();
    byDisk.set(disk, segments);
  }
  return segments;
}
