import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordView, tagsCodeOf } from '@kitemq/protocol';
import { memoryKeyValueStores, nodeRuntime, silentLogger, type Runtime } from '@kitemq/runtime';
import { expect, onTestFinished } from 'vitest';
import {
  AppendOutcome,
  AppendStatus,
  LogStore,
  type AppendCompletion,
  type MessageToAppend,
  type ReadQuery,
  type ReadResult,
  type StoreOptions,
} from '../src/index.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kitemq-store-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** As {@link temporaryFolder}, for hooks: the caller removes it. */
export function ownFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'kitemq-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const storeHost = { address: '127.0.0.1', port: 10911 };

export function testRuntime(): Runtime {
  return { ...nodeRuntime(), logger: silentLogger };
}

/** Small files and no LMDB, unless the test says otherwise. */
export function storeOptions(path: string, options: Partial<StoreOptions> = {}): StoreOptions {
  return { runtime: testRuntime(), path, storeHost, segmentBytes: 64 * 1024, slabBytes: 4096, hotTailBytes: 16 * 1024, openKeyValue: memoryKeyValueStores(), ...options };
}

/** Opens a store; it is shut down after the test. */
export async function startedStore(options: StoreOptions): Promise<LogStore> {
  const store = new LogStore(options);
  onTestFinished(() => store.shutdown());
  await store.start();
  return store;
}

const bornHost = Buffer.from([10, 0, 0, 1, 0, 0, 0x9c, 0x40]);

export function message(body: string | Uint8Array, overrides: Partial<MessageToAppend> & { readonly tags?: string } = {}): MessageToAppend {
  const { tags, ...fields } = overrides;
  const properties = tags === undefined ? Buffer.alloc(0) : Buffer.from(`TAGS\u0001${tags}\u0002`);
  return {
    topic: 'TopicTest',
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    bornHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    properties,
    tagsCode: tagsCodeOf(properties),
    ...fields,
  };
}

/** A completion that can be awaited. */
export class Waiter implements AppendCompletion {
  physicalOffset = -1;
  queueOffset = -1;
  storeTimestamp = -1;
  physicalOffsets: number[] | undefined;
  readonly waitForFlush: boolean;
  outcome: AppendOutcome | undefined;
  calls = 0;
  readonly done: Promise<AppendOutcome>;
  #resolve!: (outcome: AppendOutcome) => void;

  constructor(waitForFlush = true) {
    this.waitForFlush = waitForFlush;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  appended(outcome: AppendOutcome): void {
    this.outcome = outcome;
    this.calls++;
    this.#resolve(outcome);
  }
}

/** Appends without waiting; fails when the store refuses. */
export function appendLater(store: LogStore, toAppend: MessageToAppend, waitForFlush = true): Waiter {
  const waiter = new Waiter(waitForFlush);
  const status = store.append(toAppend, waiter);
  if (status !== AppendStatus.accepted) throw new Error(`append was refused with ${status}`);
  return waiter;
}

/** Appends and waits until it is stored. */
export async function append(store: LogStore, toAppend: MessageToAppend): Promise<Waiter> {
  const waiter = appendLater(store, toAppend);
  const outcome = await waiter.done;
  if (outcome !== AppendOutcome.stored) throw new Error(`append ended with ${outcome}`);
  return waiter;
}

export async function appendAll(store: LogStore, texts: readonly string[], overrides: Parameters<typeof message>[1] = {}): Promise<Waiter[]> {
  const waiters = texts.map((body) => appendLater(store, message(body, overrides)));
  for (const waiter of waiters) if ((await waiter.done) !== AppendOutcome.stored) throw new Error('append failed');
  return waiters;
}

export function read(store: LogStore, query: Partial<ReadQuery> = {}): Promise<ReadResult> {
  return new Promise((resolve) =>
    store.read(
      { topic: 'TopicTest', queueId: 0, offset: 0, maxMessages: 32, maxBytes: 262_144, matchesTags: undefined, matchesRecord: undefined, ...query },
      { readDone: resolve },
    ),
  );
}

const view = new RecordView();

export function bodyText(record: Uint8Array): string {
  view.moveTo(record, 0);
  return Buffer.from(view.body).toString();
}

export function bodies(result: ReadResult): string[] {
  return result.records.map(bodyText);
}

/** Everything in a queue, read in steps; blanks and damaged records are skipped. */
export async function readAll(store: LogStore, topic = 'TopicTest', queueId = 0): Promise<string[]> {
  const found: string[] = [];
  for (let offset = store.minOffset(topic, queueId); offset < store.maxOffset(topic, queueId); ) {
    const result = await read(store, { topic, queueId, offset });
    found.push(...bodies(result));
    if (result.nextBeginOffset <= offset) throw new Error(`no progress at ${offset}: ${result.status}`);
    offset = result.nextBeginOffset;
  }
  return found;
}

export function numbered(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** What holds now has to hold after a restart, and when the log is all that is left. The store is shut down. */
export async function checkThroughRestarts(store: LogStore, options: StoreOptions, check: (store: LogStore) => Promise<void>): Promise<void> {
  await check(store);
  await store.shutdown();
  const again = await startedStore(options);
  await check(again);
  await again.shutdown();
  await check(await startedStore({ ...options, openKeyValue: memoryKeyValueStores() }));
}

/** Appends to another topic until the log's beginning can go, and lets it go. */
export async function turnOver(store: LogStore): Promise<void> {
  const before = store.maxPosition;
  await appendAll(store, Array.from({ length: 40 }, () => 'x'.repeat(1000)), { topic: 'Other' });
  while (store.minPosition < before) expect((await store.clean({ logBytesMax: 8192 })).deletedSegments).toBeGreaterThan(0);
}
