import type { CheckedBlock } from './verified-records.ts';

/** Readers that catch up read the same part of the log, each its own queue: they share blocks of this size. */
export const blockBytes: number = 512 * 1024;
/** A block has so much of the next one too, so that a usual record that begins in it is whole in it. */
export const overlapBytes: number = 32 * 1024;
/** A block is spent when so much of it was taken: all records that begin in it, which may end behind it and begin later than it does. */
export const spentAfterBytes: number = blockBytes - overlapBytes;

/** A piece of a segment as it was read. Its memory is used again for another block: look at it while you are called with it, or while it is held. */
export interface LogBlock extends CheckedBlock {
  /** Readers that hold it. */
  holds: number;
  /** False when it was replaced or made room for another. */
  kept: boolean;
  /** How often it was asked for. */
  uses: number;
  /** Sum of what readers took from it. */
  takenBytes: number;
}
