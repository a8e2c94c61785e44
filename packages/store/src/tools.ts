export { verifyStore, type StoreProblem, type VerifyReport } from './tools/verify-store.ts';
export { statStore, type CheckpointStat, type QueueStat, type SegmentStat, type StoreStat, type TopicStat } from './tools/stat-store.ts';
export { dumpStore, type DumpFilter, type DumpOptions } from './tools/dump-store.ts';
export { rebuildViews, type RebuildOptions } from './tools/rebuild-views.ts';
export { bodyForms, type BodyForm, type StoredRecord } from './tools/stored-record.ts';
export type { StoreToolOptions } from './tools/store-view.ts';
export type { StartProgress } from './recovery/start-progress.ts';
