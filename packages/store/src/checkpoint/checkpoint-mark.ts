import { pack, unpack } from 'msgpackr';
import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { readUint53, writeUint53 } from '../views/row-key.ts';
import { KeyPrefix } from '../views/view.ts';

/** What a checkpoint says about itself. */
export interface CheckpointMark {
  /** Views contain everything before this log position, and nothing after it. */
  readonly position: number;
  /** Where the last record before `position` begins, and its store time and size: proof that the log is the one the views were made from. -1 when there was none. */
  readonly lastRecord: number;
  readonly lastStoreTimestamp: number;
  readonly lastSize: number;
  /** Versions by name of the views in it. */
  readonly views: Readonly<Record<string, number>>;
}

const format = 1;
const markKey: Buffer = Buffer.of(KeyPrefix.meta);

export function packMark(mark: CheckpointMark): { readonly key: Uint8Array; readonly value: Uint8Array } {
  return { key: markKey, value: pack([format, mark.position, mark.lastRecord, mark.lastStoreTimestamp, mark.lastSize, mark.views]) };
}

/** The mark of the last checkpoint; undefined when there is none that this version understands. */
export function readMark(rows: Pick<KeyValueStore, 'get'>): CheckpointMark | undefined {
  const value = rows.get(markKey);
  if (value === undefined) return undefined;
  try {
    const [found, position, lastRecord, lastStoreTimestamp, lastSize, views] = unpack(value) as unknown[];
    if (found !== format || !Number.isSafeInteger(position) || !Number.isSafeInteger(lastRecord)) return undefined;
    return {
      position: position as number,
      lastRecord: lastRecord as number,
      lastStoreTimestamp: lastStoreTimestamp as number,
      lastSize: lastSize as number,
      views: views as Record<string, number>,
    };
  } catch {
    return undefined;
  }
}

const proofKey: Buffer = Buffer.of(KeyPrefix.meta, 1);

/**
 * Puts what fdatasync has confirmed: the log is on disk up to `position`. Written more often than checkpoints are, because it is small, so that
 * the start after an unclean exit has little to write again.
 */
export function putProof(batch: KeyValueBatch, position: number): void {
  const value = Buffer.alloc(8);
  writeUint53(value, 0, position);
  batch.put(proofKey, value);
}

export const removeProof = (batch: KeyValueBatch): void => batch.remove(proofKey);

/** The log position of the last proof, 0 without. */
export function readProof(rows: Pick<KeyValueStore, 'get'>): number {
  const value = rows.get(proofKey);
  return value?.length === 8 ? readUint53(Buffer.from(value.buffer, value.byteOffset, 8), 0) : 0;
}
