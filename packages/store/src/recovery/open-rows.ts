import { KiteError, type Disk, type KeyValueStore, type Logger, type OpenKeyValueStore } from '@kitemq/runtime';

const lowest: Uint8Array = Buffer.of(0);
const highest: Uint8Array = Buffer.of(0xff);

/** Opens the checkpoint; one that cannot be opened is thrown away: everything in it is in the log. */
export function openRows(open: OpenKeyValueStore, path: string, parts: { readonly disk: Disk; readonly logger: Logger }): { readonly rows: KeyValueStore; readonly wasLost: boolean } {
  try {
    return { rows: open(path), wasLost: false };
  } catch (error) {
    if (!KiteError.is(error, 'KITE_VIEWS_UNREADABLE')) throw error;
    parts.logger.warn({ error, path }, 'the checkpoint is unreadable; it is made again from the log');
    parts.disk.removeSync(path);
    return { rows: open(path), wasLost: true };
  }
}

/** Removes all rows. */
export function clearRows(rows: KeyValueStore): void {
  rows.commitSync((batch) => batch.removeRange(lowest, highest));
}
