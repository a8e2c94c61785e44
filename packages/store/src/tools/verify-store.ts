import { silentLogger } from '@kitemq/runtime';
import { isRecordOf } from '../recovery/load-views.ts';
import { storePaths } from '../recovery/store-folder.ts';
import { openStoreView, type StoreToolOptions, type StoreView } from './store-view.ts';
import { ViewsCheck } from './views-check.ts';
import { readLimit, usedEnd, walkLog } from './walk-log.ts';

/** Something that is not as it must be. */
export interface StoreProblem {
  readonly kind: 'hole' | 'checkpoint' | 'queue' | 'offset' | 'setting' | 'compaction' | 'key';
  readonly message: string;
  /** Log position, where there is one. */
  readonly position?: number;
}

/** Problems that are listed; more are only counted. */
export const problemsMax = 1000;

export interface VerifyReport {
  readonly path: string;
  /** No problem was found. Notes are no problems. */
  readonly ok: boolean;
  /** The process that had the store open meanwhile. */
  readonly holder: number | undefined;
  readonly begin: number;
  readonly end: number;
  readonly segments: number;
  readonly records: number;
  /** Where the views end that were compared with the log; -1 when there was no checkpoint. */
  readonly checkpointPosition: number;
  readonly queues: number;
  readonly entriesCompared: number;
  /** Messages in compacted beginnings of queues, and keys of the key index. */
  readonly compactedCompared: number;
  readonly keysCompared: number;
  readonly problems: readonly StoreProblem[];
  /** Of which at most {@link problemsMax} are listed. */
  readonly problemCount: number;
  /** What an operator may want to know, and a start takes care of. */
  readonly notes: readonly string[];
}

/**
 * Reads the whole log (each record's lengths, place and checksum) and makes the views again in memory up to the checkpoint's position, to compare
 * them with it. Writes nothing; works beside a running broker, whose checkpoint file may grow a little more than usual meanwhile.
 * @throws KiteError `KITE_STORE_ABSENT`
 */
export async function verifyStore(options: StoreToolOptions): Promise<VerifyReport> {
  const view = await openStoreView(options);
  try {
    return await new Verification(options, view).run();
  } finally {
    await view.close();
  }
}

class Verification {
  readonly #options: StoreToolOptions;
  readonly #view: StoreView;
  readonly #problems: StoreProblem[] = [];
  readonly #notes: string[] = [];
  #problemCount = 0;

  constructor(options: StoreToolOptions, view: StoreView) {
    this.#options = options;
    this.#view = view;
  }

  async run(): Promise<VerifyReport> {
    const { runtime, signal, onProgress, path } = this.#options;
    const { files, holder } = this.#view;
    const begin = files[0]?.start ?? 0;
    const total = usedEnd(files) - begin;
    const views = this.#checkable(begin);
    const walk = await walkLog({
      files,
      from: begin,
      isRunning: holder !== undefined,
      until: readLimit(this.#view),
      timers: runtime.timers,
      signal,
      record: (found) => views?.record(found),
      hole: (from, until, reason) => {
        views?.hole(until - from);
        this.#problem({ kind: 'hole', position: from, message: `the log has no valid records from ${from} to ${until} (${until - from} bytes): ${reason}` });
      },
      progress: (position) => onProgress?.(position - begin, Math.max(total, position - begin)),
    });
    onProgress?.(walk.end - begin, walk.end - begin);
    if (walk.brokenTail) this.#brokenTail(walk.end);
    const compared = await views?.finish();
    this.#lookAround();
    return {
      path,
      ok: this.#problemCount === 0,
      holder,
      begin,
      end: walk.end,
      segments: files.length,
      records: walk.records,
      checkpointPosition: this.#view.mark?.position ?? -1,
      queues: compared?.queues ?? 0,
      entriesCompared: compared?.entries ?? 0,
      compactedCompared: compared?.compacted ?? 0,
      keysCompared: compared?.keys ?? 0,
      problems: this.#problems,
      problemCount: this.#problemCount,
      notes: this.#notes,
    };
  }

  /** The comparison of views, when there is a checkpoint that belongs to this log. */
  #checkable(begin: number): ViewsCheck | undefined {
    const { rows, rowsProblem, mark, files, clean, holder } = this.#view;
    if (rowsProblem !== undefined) {
      this.#problem({ kind: 'checkpoint', message: `${rowsProblem}; the next start makes it again from the log` });
      return undefined;
    }
    if (rows === undefined || mark === undefined) {
      if (files.length > 0 && clean && holder === undefined) this.#notes.push('there is no checkpoint; the next start makes it from the log');
      return undefined;
    }
    if (mark.lastRecord >= begin && !isRecordOf(mark, files)) {
      this.#problem({ kind: 'checkpoint', position: mark.lastRecord, message: `the log does not have the record at ${mark.lastRecord} that the checkpoint was made from; the next start makes it again` });
      return undefined;
    }
    const { runtime, path, signal } = this.#options;
    const check = new ViewsCheck({
      runtime: { ...runtime, logger: silentLogger },
      path,
      rows,
      mark,
      begin,
      signal,
      problem: (problem) => this.#problem(problem),
      note: (text) => void this.#notes.push(text),
    });
    const outdated = check.whyNotComparable();
    if (outdated === undefined) return check;
    this.#notes.push(outdated);
    return undefined;
  }

  #brokenTail(end: number): void {
    const { clean, holder } = this.#view;
    if (holder !== undefined) this.#notes.push(`the log ended at ${end} when it was read; what is behind it was being written`);
    else if (clean) this.#problem({ kind: 'hole', position: end, message: `behind the end of the log at ${end} are bytes that are no record, although the last stop was orderly` });
    else this.#notes.push(`the last record at ${end} is not complete; the next start moves it aside`);
  }

  #lookAround(): void {
    const { damagedRows } = this.#view;
    if (damagedRows.length > 0) {
      this.#problem({ kind: 'checkpoint', message: `rows of the checkpoint are damaged: ${new Set(damagedRows).size}, among them ${damagedRows[0]}; stop the store and let \`kitemq store rebuild\` make the views again` });
    }
    const { disk } = this.#options.runtime;
    const { quarantine } = storePaths(this.#options.path);
    for (const name of disk.listSync(quarantine)) this.#notes.push(`an earlier start moved something aside: ${quarantine}/${name}, ${disk.statSync(`${quarantine}/${name}`)?.size ?? 0} bytes`);
    if (!this.#view.clean && this.#view.holder === undefined) this.#notes.push('the last stop was not orderly; the next start writes again what nothing proves to be on disk');
  }

  #problem(problem: StoreProblem): void {
    this.#problemCount++;
    if (this.#problems.length < problemsMax) this.#problems.push(problem);
  }
}

