import { importApacheStore, isImportCarried } from '@kitemq/store';
import type { ApacheImportOptions, ImportReport } from '@kitemq/store';
import { readApacheConfig } from './apache-config.ts';
import { carryOver } from './carry-over.ts';
import { leftBehind } from './left-behind.ts';
import { unfinished } from './unfinished.ts';

export type StoreImportOptions = Omit<ApacheImportOptions, 'carry' | 'isKnownTopic'>;

/**
 * Imports an Apache store: messages as they are, topics, groups, offsets and delayed messages with them.
 * @throws KiteError `KITE_IMPORT_*`, `KITE_STORE_*`, `KITE_ABORTED`
 */
export async function importStore(options: StoreImportOptions): Promise<ImportReport> {
  const { runtime, source, damaged } = options;
  // Read before anything is written, so that a broken file is known at once; after the last step of an interrupted import there may be no file.
  const config = readApacheConfig(runtime.disk, source, damaged || isImportCarried(runtime.disk, options.target));
  return importApacheStore({
    ...options,
    isKnownTopic: (topic) => config.topics === undefined || config.topics.topicConfigTable.has(topic),
    carry: async (store, { path }) => {
      const { counts, notes } = await carryOver(store, config);
      return { counts, notes: [...notes, ...(await unfinished(store, config, runtime.clock.now())), ...leftBehind(runtime.disk, path)] };
    },
  });
}
