import type { Runtime } from '@kitemq/runtime';
import type { CheckpointMark } from '../checkpoint/checkpoint-mark.ts';
import type { RowsSnapshot } from '../checkpoint/lmdb-snapshot.ts';
import type { ScannedRecord } from '../recovery/record-scanner.ts';
import { RecordParser } from '../recovery/replay.ts';
import { resolveOptions } from '../store-options.ts';
import { createViews, type StoreViews } from '../store-views.ts';
import { LogRecord } from '../views/log-record.ts';
import { readUint53, RowKeyReader } from '../views/row-key.ts';
import { KeyPrefix } from '../views/view.ts';
import { CompactionCheck } from './compaction-check.ts';
import { FoldedRows, readQueueRows, type QueueRow } from './folded-rows.ts';
import { KeyIndexCheck } from './key-index-check.ts';
import type { StoreProblem } from './verify-store.ts';

/** Log bytes after which what was folded is compared, and its memory given back. */
const compareBytes = 64 * 1024 * 1024;

export interface ViewsCheckOptions {
  readonly runtime: Runtime;
  readonly path: string;
  readonly rows: RowsSnapshot;
  readonly mark: CheckpointMark;
  /** First log position. */
  readonly begin: number;
  readonly signal: AbortSignal | undefined;
  readonly problem: (problem: StoreProblem) => void;
  /** What an operator may want to know. */
  readonly note: (text: string) => void;
}

/** What was compared. */
export interface ComparedViews {
  readonly queues: number;
  readonly entries: number;
  /** Entries of compacted beginnings of queues. */
  readonly compacted: number;
  readonly keys: number;
}

/** Makes the views again from the log's records, and compares them with a checkpoint. */
export class ViewsCheck {
  readonly #options: ViewsCheckOptions;
  readonly #views: StoreViews;
  readonly #parser = new RecordParser();
  readonly #record: LogRecord;
  readonly #storedQueues: Map<string, QueueRow>;
  readonly #folded: FoldedRows;
  readonly #compaction: CompactionCheck;
  readonly #keys: KeyIndexCheck | undefined;
  #compared: number;

  constructor(options: ViewsCheckOptions) {
    this.#options = options;
    const { runtime, path, rows, begin, note } = options;
    const refuse = (): Promise<never> => Promise.reject(new Error('nothing is written here'));
    const resolved = resolveOptions({ runtime, path, storeHost: { address: '127.0.0.1', port: 1 }, keyIndex: false });
    this.#views = createViews(resolved, { bodyBytesMax: 1, append: refuse, flush: refuse });
    this.#storedQueues = readQueueRows(rows);
    this.#folded = new FoldedRows(rows, this.#storedQueues);
    this.#views.all.load(this.#folded, undefined);
    if (begin > 0) this.#views.queues.allowLateBegin();
    this.#compaction = new CompactionCheck({ ...options, queues: this.#views.queues, storedQueues: this.#storedQueues.values() });
    const keys = new KeyIndexCheck({ ...options, timers: runtime.timers });
    const why = keys.whyNotComparable();
    if (why === undefined) this.#keys = keys;
    else note(why);
    const record = new LogRecord((_position, size) => Buffer.from(record.block.subarray(record.blockOffset, record.blockOffset + size)));
    this.#record = record;
    this.#compared = begin;
  }

  /** Undefined when the checkpoint has the views of this version. */
  whyNotComparable(): string | undefined {
    const { views } = this.#options.mark;
    const { versions } = this.#views.all;
    const other = ['queues', 'consumerOffsets', 'settings', 'compaction'].find((name) => views[name] !== versions[name]);
    return other === undefined ? undefined : `the checkpoint's ${other} were written by another version; the next start makes it again from the log`;
  }

  record(found: ScannedRecord): void {
    if (found.position + found.size > this.#options.mark.position) return;
    this.#parser.parse(this.#record, found);
    this.#views.all.apply(this.#record);
    this.#compaction.record(this.#record, found);
    this.#keys?.record(found, this.#record.topic);
    if (found.position - this.#compared >= compareBytes) this.#compare(found.position);
  }

  hole(bytes: number): void {
    this.#views.queues.allowLost(bytes);
  }

  async finish(): Promise<ComparedViews> {
    this.#compare(this.#options.mark.position);
    this.#views.consumerOffsets.stop();
    this.#compareQueues();
    this.#comparePlain(KeyPrefix.consumerOffset, 'offset');
    this.#comparePlain(KeyPrefix.setting, 'setting');
    this.#compaction.finish();
    await this.#keys?.finish();
    return { queues: this.#storedQueues.size, entries: this.#folded.entriesCompared, compacted: this.#compaction.entriesCompared, keys: this.#keys?.keysCompared ?? 0 };
  }

  #compare(position: number): void {
    this.#compared = position;
    this.#folded.commitSync((batch) => this.#views.all.checkpoint(batch));
    this.#views.all.checkpointed();
  }

  #compareQueues(): void {
    const { problem, begin } = this.#options;
    for (const [key, { topic, queueId, id, next }] of this.#folded.queues) {
      const stored = this.#storedQueues.get(key);
      const name = `queue ${topic}/${queueId}`;
      if (stored === undefined) problem({ kind: 'queue', message: `${name} has messages in the log and is not in the checkpoint` });
      else if (stored.next !== next) problem({ kind: 'queue', message: `${name} ends at ${stored.next} in the checkpoint and at ${next} in the log` });
      const offset = this.#folded.differing.get(id);
      if (stored !== undefined && offset !== undefined) problem({ kind: 'queue', message: `${name} leads to another place than the log has, first at offset ${offset}` });
    }
    if (begin > 0) return;
    for (const [key, { topic, queueId }] of this.#storedQueues) {
      if (!this.#folded.queues.has(key)) problem({ kind: 'queue', message: `queue ${topic}/${queueId} is in the checkpoint and has never been in the log` });
    }
  }

  #comparePlain(prefix: number, kind: 'offset' | 'setting'): void {
    const { rows, problem } = this.#options;
    const stored = new Map<string, Buffer>();
    rows.range(Buffer.of(prefix), Buffer.of(prefix + 1), (key, value) => void stored.set(Buffer.from(key).toString('latin1'), Buffer.from(value)));
    for (const [key, value] of this.#folded.plain) {
      const bytes = Buffer.from(key, 'latin1');
      if (bytes[0] !== prefix) continue;
      const found = stored.get(key);
      stored.delete(key);
      if (found?.equals(value) !== true) problem({ kind, message: `${rowName(bytes, kind)} is ${found === undefined ? 'missing in the checkpoint' : `${shown(found, kind)} in the checkpoint`}, the log says ${shown(value, kind)}` });
    }
    for (const key of stored.keys()) problem({ kind, message: `${rowName(Buffer.from(key, 'latin1'), kind)} is in the checkpoint, and not in the log` });
  }
}

function rowName(key: Buffer, kind: 'offset' | 'setting'): string {
  const reader = new RowKeyReader(key);
  const [first, second] = [reader.text(), reader.text()];
  return kind === 'offset' ? `the offset of group ${first} in ${second}/${reader.uint32()}` : `the setting ${first} ${second}`;
}

function shown(value: Buffer, kind: 'offset' | 'setting'): string {
  return kind === 'offset' && value.length === 8 ? String(readUint53(value, 0)) : `${value.length} bytes`;
}
