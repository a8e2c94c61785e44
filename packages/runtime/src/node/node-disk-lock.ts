import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import type { DiskLock } from '../disk.ts';
import { KiteError } from '../errors.ts';

/** Competitors for one stale lock settle it in a round or two; more means that something else is wrong. */
const attemptsMax = 20;

/** What a lock file says: `pid started boot nonce`. The last makes each holder's text unique. */
interface Holder {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot, `-` where the system does not tell. */
  readonly started: string;
  readonly boot: string;
}

const readText = (path: string): string | undefined => {
  try {
    return fs.readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
};

/** Field 22 of /proc/PID/stat, counted after the command name, which may itself contain blanks and brackets. */
const startTimeOf = (pid: number): string => {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
};

const bootId = (): string => readText('/proc/sys/kernel/random/boot_id')?.trim() || '-';

const parseHolder = (text: string): Holder | undefined => {
  const match = /^(\d{1,10}) (\d+|-) (\S{1,64}) [0-9a-f]{16}\n$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), started: match[2]!, boot: match[3]! };
};

const isAlive = (holder: Holder): boolean => {
  if (holder.boot !== '-' && holder.boot !== bootId()) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startTimeOf(holder.pid);
  return holder.started === '-' || started === '-' || started === holder.started;
};

const lockedBy = (path: string, pid: number): KiteError => {
  const who = pid === process.pid ? `this process (pid ${pid})` : `process ${pid}`;
  const message = `${path} is locked by ${who}; stop it first, or use another directory`;
  return new KiteError('KITE_DISK_LOCKED', message, { retryable: true, details: { path, pid } });
};

/** The living process that holds the lock file at `path`, if there is one. */
export const lockHolder = (path: string): number | undefined => {
  const holder = parseHolder(readText(path) ?? '');
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
};

/** Puts a finished lock file in place in one step, so that nobody ever sees half of one. False: there is one already. */
const create = (path: string, text: string): boolean => {
  const draft = `${path}.${text.slice(-17, -1)}`;
  try {
    // On a full disk this makes the file and cannot fill it.
    fs.writeFileSync(draft, text, { mode: 0o644 });
    fs.linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
};

/** Removes the lock whose content is `stale`. Renaming decides between competitors; a fresh lock caught by it is put back. */
const removeStale = (path: string, stale: string, nonce: string): void => {
  const caught = `${path}.${nonce}.stale`;
  try {
    fs.renameSync(path, caught);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (readText(caught) !== stale) fs.linkSync(caught, path);
  } finally {
    fs.rmSync(caught, { force: true });
  }
};

/**
 * Takes the lock file at `path`; a holder that is dead (or from before a reboot) loses it.
 * Processes in different pid namespaces cannot see each other: give each container its own directory.
 * @throws KiteError `KITE_DISK_LOCKED`
 */
export const takeLock = (path: string): DiskLock => {
  const nonce = randomBytes(8).toString('hex');
  const text = `${process.pid} ${startTimeOf(process.pid)} ${bootId()} ${nonce}\n`;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (create(path, text)) {
      return {
        release: (): void => {
          if (readText(path) === text) fs.rmSync(path, { force: true });
        },
      };
    }
    const found = readText(path);
    if (found === undefined) continue;
    // A file that is no lock text was torn by a power cut: its writer is gone.
    const holder = parseHolder(found);
    if (holder !== undefined && isAlive(holder)) throw lockedBy(path, holder.pid);
    removeStale(path, found, nonce);
  }
  throw new KiteError('KITE_DISK_LOCKED', `${path} keeps changing hands; see who else uses this directory`, { retryable: true, details: { path } });
};
