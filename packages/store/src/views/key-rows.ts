import { pack, unpack } from 'msgpackr';
import type { KeyValueBatch, KeyValueStore } from '@kitemq/runtime';
import { bucketOf, forEntries, KeyPart, keyEntryForms, type KeyEntryForm, type KeyRange, type KeyVisitor } from './key-part.ts';
import { RowKey, RowKeyReader } from './row-key.ts';
import { KeyPrefix } from './view.ts';

/** Entries in rows, divided into buckets by their hash: a query reads one bucket. */
export interface KeyRun extends KeyRange {
  readonly form: KeyEntryForm;
  readonly id: number;
  readonly buckets: number;
}

function packRange(range: KeyRange & { readonly id: number }, extra: number): Uint8Array {
  return pack([range.id, range.base, range.count, range.lastPosition, range.lastTime, range.timeMin, range.timeMax, extra]);
}

function unpackRange(form: KeyEntryForm, value: Uint8Array): KeyRun {
  const fields = unpack(value) as unknown;
  if (!Array.isArray(fields) || fields.length !== 8 || !fields.every((field) => Number.isSafeInteger(field))) throw new Error('a row of the key index is damaged');
  const [id, base, count, lastPosition, lastTime, timeMin, timeMax, buckets] = fields as [number, number, number, number, number, number, number, number];
  return { form, id, base, count, lastPosition, lastTime, timeMin, timeMax, buckets };
}

const openKey = (form: KeyEntryForm): Uint8Array => new RowKey(KeyPrefix.keyOpen).uint32(form.id).bytes();
const journalKey = (form: KeyEntryForm, id: number, row: number): Uint8Array => new RowKey(KeyPrefix.keyJournal).uint32(form.id).uint32(id).uint32(row).bytes();
const runKey = (form: KeyEntryForm, id: number): Uint8Array => new RowKey(KeyPrefix.keyRun).uint32(form.id).uint32(id).bytes();
/** Filled in for each row: a run has hundreds. */
const bucketKeyBytes: Buffer = Buffer.alloc(13, KeyPrefix.keyBucket);

/** Valid until the next call. Bucket and piece share a number: there are far less than 65 536 of either. */
function bucketKey(form: KeyEntryForm, id: number, bucket: number, piece: number): Buffer {
  bucketKeyBytes.writeUInt32BE(form.id, 1);
  bucketKeyBytes.writeUInt32BE(id, 5);
  bucketKeyBytes.writeUInt32BE(bucket * 65_536 + piece, 9);
  return bucketKeyBytes;
}

/** Puts what the journal does not have of the part; its last row, if not full, is replaced. */
export function putJournal(batch: KeyValueBatch, part: KeyPart): void {
  const { form, id, count } = part;
  const { rowEntries } = form;
  for (let row = Math.floor(part.journaled / rowEntries); row * rowEntries < count; row++) {
    batch.put(journalKey(form, id, row), part.row(row * rowEntries, Math.min(count, (row + 1) * rowEntries)));
  }
  part.journaled = count;
  batch.put(openKey(form), packRange(part, 0));
}

/** Puts the part as a run; its journal goes. */
export function putRun(batch: KeyValueBatch, part: KeyPart): KeyRun {
  const { form, id, base, count, journaled, lastPosition, lastTime, timeMin, timeMax } = part;
  for (let row = 0; row * form.rowEntries < journaled; row++) batch.remove(journalKey(form, id, row));
  if (journaled > 0) batch.remove(openKey(form));
  const run: KeyRun = { form, id, base, count, lastPosition, lastTime, timeMin, timeMax, buckets: Math.ceil(count / form.bucketEntriesMean) };
  part.forBuckets(run.buckets, (bucket, piece, row) => batch.put(bucketKey(form, id, bucket, piece), row));
  batch.put(runKey(form, id), packRange(run, run.buckets));
  return run;
}

export function removeRun(batch: KeyValueBatch, { form, id }: KeyRun): void {
  batch.remove(runKey(form, id));
  batch.removeRange(Buffer.from(bucketKey(form, id, 0, 0)), bucketKey(form, id + 1, 0, 0));
}

/** All runs of this form, oldest first. @throws Error when a row is damaged */
export function readRuns(rows: KeyValueStore, form: KeyEntryForm): KeyRun[] {
  const runs: KeyRun[] = [];
  rows.range(runKey(form, 0), new RowKey(KeyPrefix.keyRun).uint32(form.id + 1).bytes(), (_key, value) => void runs.push(unpackRange(form, value)));
  return runs;
}

/** The part that is in the journal. @throws Error when a row is missing or damaged */
export function readJournal(rows: KeyValueStore, form: KeyEntryForm, entriesMax: number): KeyPart | undefined {
  const value = rows.get(openKey(form));
  if (value === undefined) return undefined;
  const { id, base, count, lastPosition, lastTime, timeMin, timeMax } = unpackRange(form, value);
  const part = new KeyPart(form, id, base, entriesMax);
  let expected = 0;
  rows.range(journalKey(form, id, 0), journalKey(form, id + 1, 0), (key, row) => {
    const reader = new RowKeyReader(key);
    if (reader.uint32() === form.id && reader.uint32() === id && reader.uint32() === expected) part.addRow(row);
    expected++;
  });
  if (part.count !== count) throw new Error(`the journal of the key index has ${part.count} of ${count} entries`);
  part.journaled = count;
  Object.assign(part, { lastPosition, lastTime, timeMin, timeMax });
  return part;
}

/** Visits the run's entries with this hash, in log order; none when its rows are gone. */
export function visitRun(rows: KeyValueStore, { form, id, base, buckets }: KeyRun, hash: number, visit: KeyVisitor): void {
  const bucket = bucketOf(hash, buckets);
  for (let piece = 0, isLast = false; !isLast; piece++) {
    const row = rows.get(bucketKey(form, id, bucket, piece));
    if (row === undefined) return;
    isLast = forEntries(form, row, (other, position, storeTimestamp) => void (other === hash && visit(base + position, storeTimestamp))) < form.rowEntries;
  }
}

/** What a checkpoint has of the index, in pieces of some megabytes: each visits its hashes, and the log positions of their records. @throws Error when a row is damaged */
export function* storedKeys(rows: KeyValueStore): Generator<(visit: (hash: number, position: number) => void) => void> {
  for (const form of keyEntryForms) {
    for (const { id, base } of readRuns(rows, form)) {
      yield (visit) => rows.range(Buffer.from(bucketKey(form, id, 0, 0)), Buffer.from(bucketKey(form, id + 1, 0, 0)), (_key, row) => void forEntries(form, row, (hash, position) => visit(hash, base + position)));
    }
    const part = readJournal(rows, form, Number.MAX_SAFE_INTEGER);
    if (part !== undefined) yield (visit) => part.forEach(visit);
  }
}
