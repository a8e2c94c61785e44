import { pack, unpack } from 'msgpackr';
import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { bucketOf, entriesOf, KeyPart, keyRowEntries, type KeyRange } from './key-part.ts';
import { RowKey, RowKeyReader } from './row-key.ts';
import { KeyPrefix } from './view.ts';

/** Entries a bucket gets on average: few enough that nearly every bucket is one row. */
const bucketEntriesMean = 420;

const openKey: Uint8Array = new RowKey(KeyPrefix.keyOpen).bytes();

/** Entries in rows, divided into buckets by their hash: a query reads one bucket. */
export interface KeyRun extends KeyRange {
  readonly id: number;
  readonly buckets: number;
}

function packRange(range: KeyRange & { readonly id: number }, extra: number): Uint8Array {
  return pack([range.id, range.base, range.count, range.lastPosition, range.lastTime, range.timeMin, range.timeMax, extra]);
}

function unpackRange(value: Uint8Array): KeyRun {
  const fields = unpack(value) as unknown;
  if (!Array.isArray(fields) || fields.length !== 8 || !fields.every((field) => Number.isSafeInteger(field))) throw new Error('a row of the key index is damaged');
  const [id, base, count, lastPosition, lastTime, timeMin, timeMax, buckets] = fields as [number, number, number, number, number, number, number, number];
  return { id, base, count, lastPosition, lastTime, timeMin, timeMax, buckets };
}

const journalKey = (id: number, row: number): Uint8Array => new RowKey(KeyPrefix.keyJournal).uint32(id).uint32(row).bytes();
const runKey = (id: number): Uint8Array => new RowKey(KeyPrefix.keyRun).uint32(id).bytes();
/** Filled in for each row: a run has hundreds. */
const bucketKeyBytes: Buffer = Buffer.alloc(9, KeyPrefix.keyBucket);

/** Valid until the next call. Bucket and piece share a number: there are far less than 65 536 of either. */
function bucketKey(id: number, bucket: number, piece: number): Buffer {
  bucketKeyBytes.writeUInt32BE(id, 1);
  bucketKeyBytes.writeUInt32BE(bucket * 65_536 + piece, 5);
  return bucketKeyBytes;
}

/** Puts what the journal does not have of the part; its last row, if not full, is replaced. */
export function putJournal(batch: KeyValueBatch, part: KeyPart): void {
  for (let row = Math.floor(part.journaled / keyRowEntries); row * keyRowEntries < part.count; row++) {
    batch.put(journalKey(part.id, row), part.row(row * keyRowEntries, Math.min(part.count, (row + 1) * keyRowEntries)));
  }
  part.journaled = part.count;
  batch.put(openKey, packRange(part, 0));
}

/** Puts the part as a run; its journal goes. */
export function putRun(batch: KeyValueBatch, part: KeyPart): KeyRun {
  for (let row = 0; row * keyRowEntries < part.journaled; row++) batch.remove(journalKey(part.id, row));
  if (part.journaled > 0) batch.remove(openKey);
  const { id, base, count, lastPosition, lastTime, timeMin, timeMax } = part;
  const run: KeyRun = { id, base, count, lastPosition, lastTime, timeMin, timeMax, buckets: Math.ceil(count / bucketEntriesMean) };
  part.forBuckets(run.buckets, (bucket, piece, row) => batch.put(bucketKey(id, bucket, piece), row));
  batch.put(runKey(id), packRange(run, run.buckets));
  return run;
}

export function removeRun(batch: KeyValueBatch, run: KeyRun): void {
  batch.remove(runKey(run.id));
  batch.removeRange(Buffer.from(bucketKey(run.id, 0, 0)), bucketKey(run.id + 1, 0, 0));
}

/** All runs, oldest first. @throws Error when a row is damaged */
export function readRuns(rows: KeyValueStore): KeyRun[] {
  const runs: KeyRun[] = [];
  rows.range(Buffer.of(KeyPrefix.keyRun), Buffer.of(KeyPrefix.keyRun + 1), (_key, value) => void runs.push(unpackRange(value)));
  return runs;
}

/** The part that is in the journal. @throws Error when a row is missing or damaged */
export function readJournal(rows: KeyValueStore, entriesMax: number): KeyPart | undefined {
  const value = rows.get(openKey);
  if (value === undefined) return undefined;
  const { id, base, count, lastPosition, lastTime, timeMin, timeMax } = unpackRange(value);
  const part = new KeyPart(id, base, entriesMax);
  let expected = 0;
  rows.range(journalKey(id, 0), journalKey(id + 1, 0), (key, row) => {
    const reader = new RowKeyReader(key);
    if (reader.uint32() === id && reader.uint32() === expected) part.addRow(row);
    expected++;
  });
  if (part.count !== count) throw new Error(`the journal of the key index has ${part.count} of ${count} entries`);
  part.journaled = count;
  Object.assign(part, { lastPosition, lastTime, timeMin, timeMax });
  return part;
}

/** Log positions of the run's entries with this hash, newest first, each once; none when its rows are gone. */
export function findInRun(rows: KeyValueStore, run: KeyRun, hash: number): number[] {
  const bucket = bucketOf(hash, run.buckets);
  const found: number[] = [];
  for (let piece = 0; ; piece++) {
    const row = rows.get(bucketKey(run.id, bucket, piece));
    if (row === undefined) break;
    const entries = entriesOf(row);
    for (let at = 0; at + 1 < entries.length; at += 2) {
      if (entries[at] !== hash) continue;
      const position = run.base + (entries[at + 1] as number);
      if (found[found.length - 1] !== position) found.push(position);
    }
    if (entries.length < keyRowEntries * 2) break;
  }
  return found.reverse();
}
