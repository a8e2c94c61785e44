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
export type { LoopDelay, LoopDelays } from './loop-delay.ts';
export type { Runtime } from './runtime.ts';
export { Sfc32 } from './sfc32.ts';
export { NodeClock } from './node/node-clock.ts';
export { NodeTimers } from './node/node-timers.ts';
export { NodeRandom } from './node/node-random.ts';
export { NodeDisk } from './node/node-disk.ts';
export { NodeLoopDelay } from './node/node-loop-delay.ts';
export { NodeNetwork } from './node/node-network.ts';
export type { NodeRuntimeOptions } from './node/node-runtime.ts';
export { nodeRuntime } from './node/node-runtime.ts';
export { keyLengthMax, checkKey, collectBatch, memoryKeyValueStore, memoryKeyValueStores } from './memory-key-value-store.ts';
export { OrderedByteMap } from './ordered-byte-map.ts';
export { RingQueue } from './ring-queue.ts';
export type { TimerWheelOptions } from './timer-wheel.ts';
export { TimerWheel, WheelEntry } from './timer-wheel.ts';
export type { Deferred } from './deferred.ts';
export { deferred } from './deferred.ts';
export { sleep } from './sleep.ts';
export type { BackoffOptions } from './backoff.ts';
export { Backoff } from './backoff.ts';
export type { TaskScopeOptions } from './task-scope.ts';
export { TaskScope } from './task-scope.ts';
export { ensureDirectorySync } from './ensure-directory.ts';
