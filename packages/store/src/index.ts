export * from './message-store.ts';
export type { RecoveryReport } from './recovery-report.ts';
export type { FlushMode, StoreOptions } from './store-options.ts';
export { LogStore, openStore } from './log-store.ts';
export { storeHasData } from './store-has-data.ts';
