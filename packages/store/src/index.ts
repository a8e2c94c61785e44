export * from './message-store.ts';
export type { RecoveryReport } from './recovery-report.ts';
