import type { ProcessHost } from '../services/process-host.ts';
import { runStoreExport, runStoreImport } from './store-move-work.ts';
import type { StoreExportFlags, StoreImportFlags } from './store-move-work.ts';

/** What `kitemq store …` does. It brings the store with its native code, so it is loaded only when asked for. Each resolves to an exit code. */
export interface StoreWork {
  runStoreImport(source: string, flags: StoreImportFlags, host: ProcessHost): Promise<number>;
  runStoreExport(source: string, flags: StoreExportFlags, host: ProcessHost): Promise<number>;
}

export const storeWork: StoreWork = { runStoreImport, runStoreExport };
