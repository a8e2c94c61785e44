/** What the process's status says to a script. */
export const ExitCode = {
  ok: 0,
  /** It could not start, a command failed, or a running service broke. */
  failed: 1,
  /** Wrong usage or configuration: the same call can never succeed. */
  usage: 2,
  /** A second signal ended it before the clean stop was through. */
  forced: 3,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
