import { importApacheStore } from '@kitemq/store';
import type { ApacheImportOptions, ImportReport } from '@kitemq/store';
import { readApacheConfig } from './apache-config.ts';
import type { ApacheConfig } from './apache-config.ts';
import { carryOver } from './carry-over.ts';
import { leftBehind } from './left-behind.ts';
import { unfinished } from './unfinished.ts';

export type StoreImportOptions = Omit<ApacheImportOptions, 'prepare' | 'carry' | 'isKnownTopic'>;

const noConfig: ApacheConfig = { topics: undefined, groups: undefined, offsets: undefined, delayOffsets: undefined, notes: [] };

/**
 * Imports an Apache store: messages as they are, topics, groups, offsets and delayed messages with them.
 * @throws KiteError `KITE_IMPORT_*`, `KITE_STORE_*`, `KITE_ABORTED`
 */
export function importStore(options: StoreImportOptions): Promise<ImportReport> {
  const { runtime, source, damaged } = options;
  let config = noConfig;
  return importApacheStore({
    ...options,
    prepare: () => (config = readApacheConfig(runtime.disk, source, damaged)),
    isKnownTopic: (topic) => config.topics === undefined || config.topics.topicConfigTable.has(topic),
    carry: async (store, { path }) => {
      const { counts, notes } = await carryOver(store, config);
      return { counts, notes: [...notes, ...(await unfinished(store, config, runtime.clock.now())), ...leftBehind(runtime.disk, path)] };
    },
  });
}
