import { KiteError } from '@kitemq/runtime';
import { ExitCode } from './exit-code.ts';

export interface Failure {
  readonly sentence: string;
  readonly exitCode: ExitCode;
}

/** Chains of causes are short; one that goes round in circles must end too. */
const causesMax = 8;

function causesOf(error: unknown): object[] {
  const chain: object[] = [];
  for (let current = error; typeof current === 'object' && current !== null && chain.length < causesMax; ) {
    chain.push(current);
    current = (current as { cause?: unknown }).cause;
  }
  return chain;
}

function systemErrorOf(causes: readonly object[]): NodeJS.ErrnoException | undefined {
  return causes.find((each) => /^E[A-Z0-9]+$/.test(String((each as NodeJS.ErrnoException).code))) as NodeJS.ErrnoException | undefined;
}

const diskSentences: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `no permission to write ${path}: give this user access to it, or choose another directory with --data`,
  EPERM: (path) => `no permission to write ${path}: give this user access to it, or choose another directory with --data`,
  EROFS: (path) => `${path} is on a read-only file system: choose another directory with --data`,
  ENOSPC: (path) => `the disk that holds ${path} is full: free some space, or choose another directory with --data`,
  EDQUOT: (path) => `the disk quota for ${path} is used up: free some space, or choose another directory with --data`,
  ENOTDIR: (path) => `${path} cannot be created because a part of the path is a file, not a directory: choose another directory with --data`,
  EEXIST: (path) => `${path} exists and is a file, not a directory: choose another directory with --data`,
  ENOENT: (path) => `${path} cannot be created there: choose another directory with --data`,
  EIO: (path) => `the disk that holds ${path} reported an input/output error: check the disk`,
  EMFILE: (path) => `too many open files (at ${path}): raise the limit with ulimit -n`,
};

const listenSentences: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use: stop the process that has it, or choose another port',
  EACCES: 'is not allowed for this user: choose a port above 1023, or run with the right to bind it',
  EADDRNOTAVAIL: 'is not an address of this machine: listen on one that is, or on 0.0.0.0',
};

function listenFailure(error: KiteError, system: NodeJS.ErrnoException | undefined): string {
  const text = listenSentences[system?.code ?? ''];
  const { host, port } = error.details;
  if (text === undefined || port === undefined) return error.message;
  return `${String(host)}:${String(port)} ${text}`;
}

/** One clear sentence for an error that ends the process, and the status to end it with. */
export function failureOf(error: unknown): Failure {
  const causes = causesOf(error);
  const system = systemErrorOf(causes);
  if (KiteError.is(error, 'KITE_CONFIG_INVALID') || KiteError.is(error, 'KITE_USAGE')) return { sentence: error.message, exitCode: ExitCode.usage };
  const listening = causes.find((each) => KiteError.is(each, 'KITE_LISTEN_FAILED'));
  if (listening !== undefined) return { sentence: listenFailure(listening as KiteError, system), exitCode: ExitCode.failed };
  const locked = causes.find((each) => KiteError.is(each, 'KITE_DISK_LOCKED')) as KiteError | undefined;
  if (locked !== undefined) {
    const { pid, path = 'the data directory' } = locked.details;
    const who = typeof pid === 'number' && pid > 0 ? `process ${pid}` : 'another process';
    return { sentence: `the data directory is in use by ${who} (lock ${String(path)}): stop it, or choose another directory with --data`, exitCode: ExitCode.failed };
  }
  const disk = system?.code === undefined ? undefined : diskSentences[system.code];
  if (disk !== undefined && typeof system?.path === 'string') return { sentence: disk(system.path), exitCode: ExitCode.failed };
  const message = error instanceof Error ? error.message : String(error);
  return { sentence: message === '' ? 'it failed without saying why' : message, exitCode: ExitCode.failed };
}
