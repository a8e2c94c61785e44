/** Structured fields of one log line. Never message bodies, never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What libraries log to; apps bring pino, tests a recorder, everybody else {@link silentLogger}. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

const nothing = (): void => {};

/** Drops everything. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
