export type { Clock } from './clock.ts';
export type { TimerHandle, Timers } from './timers.ts';
export type { Random } from './random.ts';
export type { LogFields, Logger } from './logger.ts';
export { silentLogger } from './logger.ts';
export type { Disk, DiskCallback, DiskFile, DiskLock, DiskSpace, DiskStat, OpenMode, ReadCallback } from './disk.ts';
export type {
  ConnectOptions,
  ListenOptions,
  Network,
  NetworkListener,
  NetworkSocket,
  SocketHandler,
  TlsCredentialOptions,
  TlsCredentials,
} from './network.ts';
export type { KeyValueBatch, KeyValueStore, OpenKeyValueStore } from './key-value.ts';
export type { KiteErrorOptions } from './errors.ts';
export { assert, KiteError } from './errors.ts';
export type { Runtime } from './runtime.ts';
