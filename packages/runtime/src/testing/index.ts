export type { LogLevel, LogLine } from './recording-logger.ts';
export { RecordingLogger } from './recording-logger.ts';
