import type { Logger, Runtime } from '@kitemq/runtime';
import type { Command } from 'commander';
import type { ConfigEntry } from '../config/config-source.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Setting } from '../config/setting.ts';
import type { LogTarget } from '../logging/create-logger.ts';
import type { LogStyle } from './shards/shard-messages.ts';

/** What a service's `start` gets. */
export interface ServiceContext {
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** How `logger` writes and where to, for threads that log as it does. */
  readonly log: LogStyle & { readonly target: LogTarget };
  readonly config: LoadedConfig;
  /** How a person calls this program again, for advice. */
  readonly commandName: string;
  /** Aborted when the process is asked to end while the service starts: `start` then rejects soon, with nothing left behind. */
  readonly stopping: AbortSignal;
  /** Parsed flags, by commander's camelCase names. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** A service that accepts requests. */
export interface RunningService {
  /** What follows the word `ready`: names and addresses that are really bound. */
  readonly ready: string;
  /** Lines for a person, printed after the ready line. */
  readonly banner?: string;
  /** Resolves with the reason when a part of it died and the process has to end. */
  readonly broken?: Promise<Error>;
  /** Everything acknowledged is on disk when it resolves. */
  shutdown(): Promise<void>;
}

/** One of the processes one can start: what it takes, and how it starts. */
export interface ServiceDefinition {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** Apache's keys that have no effect → why. */
  readonly ignored: Readonly<Record<string, string>>;
  settings(): ReadonlyMap<string, Setting>;
  /** Adds the flags of its own; the common ones are there already. */
  addFlags(command: Command): void;
  /** The settings that flags stand for. @throws KiteError `KITE_USAGE` */
  flagEntries(flags: Readonly<Record<string, unknown>>): ConfigEntry[];
  /** Starts everything, or leaves nothing behind and throws. */
  start(context: ServiceContext): Promise<RunningService>;
}
