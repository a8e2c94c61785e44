import { dumpStore, rebuildViews, statStore, verifyStore } from '@kitemq/store/tools';
import { storesOf } from '../services/shards/shard-folders.ts';
import type { ProcessHost } from '../services/process-host.ts';
import type { StoreTools } from './store-inspect-work.ts';
import { runStoreExport, runStoreImport } from './store-move-work.ts';
import type { StoreExportFlags, StoreImportFlags } from './store-move-work.ts';

/** What `kitemq store …` does. It brings the store with its native code, so it is loaded only when asked for. Each resolves to an exit code. */
export interface StoreWork {
  runStoreImport(source: string, flags: StoreImportFlags, host: ProcessHost): Promise<number>;
  runStoreExport(source: string, flags: StoreExportFlags, host: ProcessHost): Promise<number>;
  /** For the commands that look into a store. */
  readonly tools: StoreTools;
  readonly storesOf: typeof storesOf;
}

export const storeWork: StoreWork = { runStoreImport, runStoreExport, tools: { dumpStore, rebuildViews, statStore, verifyStore }, storesOf };
