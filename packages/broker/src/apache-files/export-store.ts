import { exportApacheLog } from '@kitemq/store';
import type { ApacheExportOptions, ExportReport } from '@kitemq/store';
import { apacheConfigFiles } from './write-apache-config.ts';

export type StoreExportOptions = Omit<ApacheExportOptions, 'describe'>;

/**
 * Writes a directory that Apache's broker starts on, with all messages, topics, groups and offsets.
 * @throws KiteError `KITE_EXPORT_*`, `KITE_STORE_*`, `KITE_ABORTED`
 */
export function exportStore(options: StoreExportOptions): Promise<ExportReport> {
  return exportApacheLog({ ...options, describe: apacheConfigFiles });
}
