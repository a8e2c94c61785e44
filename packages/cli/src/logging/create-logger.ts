import type { Logger } from '@kitemq/runtime';
import pino from 'pino';
import { humanLine } from './human-line.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ['auto', 'json', 'text'] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LogTarget {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto`: text on a terminal, JSON lines otherwise. */
  readonly format: LogFormat;
  /** Where lines go; an app's standard error, which is written at once on files, pipes and terminals alike. */
  readonly target: LogTarget;
}

/** pino behind the runtime's logger port. An `Error` under the key `err` is logged with its stack and code. */
export function createLogger(options: LoggerOptions): Logger {
  const { target } = options;
  const terminal = target.isTTY === true;
  const asText = options.format === 'text' || (options.format === 'auto' && terminal);
  const destination = asText ? { write: (line: string) => target.write(humanLine(line, terminal)) } : { write: (line: string) => target.write(line) };
  return pino({ level: options.level, base: null, serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err } }, destination);
}
