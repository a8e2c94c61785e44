import { pack, unpack } from 'msgpackr';
import { KiteError, type KeyValueBatch, type KeyValueStore } from '@kitemq/runtime';
import { bodyOf } from '../commit-log/record-format.ts';
import type { Settings } from '../message-store.ts';
import type { LogRecord } from './log-record.ts';
import { RowKey, RowKeyReader } from './row-key.ts';
import type { SystemLog } from './system-log.ts';
import { SystemTopic } from './system-topics.ts';
import { KeyPrefix, snapshotBodyBytesMax, type View } from './view.ts';

/** Longest kind or key in UTF-8 bytes that fits a row's key. */
export const settingNameBytesMax = 900;

/** First element of a body: put has kind, key, value behind it; remove has kind, key. */
const kindPut = 1;
const kindRemove = 2;
/** Then (kind, key, value) repeated. */
const kindPuts = 3;

/** What a key has, or that it has nothing. */
interface State {
  readonly exists: boolean;
  readonly value: unknown;
}

const rowsStart = Buffer.of(KeyPrefix.setting);
const rowsEnd = Buffer.of(KeyPrefix.setting + 1);

/** Settings by kind and key. A row per setting. */
export class SettingsView implements View, Settings {
  readonly name = 'settings';
  readonly version = 1;
  readonly topics: readonly string[] = [SystemTopic.settings];
  readonly #log: SystemLog;
  readonly #kinds = new Map<string, Map<string, unknown>>();
  /** Of keys with changes on their way into the log, by row key: what the log has, then what they will make of it. */
  readonly #states = new Map<string, State[]>();
  /** Rows that no checkpoint has, by key in latin1; undefined removes. */
  #dirty = new Map<string, Uint8Array | undefined>();

  constructor(log: SystemLog) {
    this.#log = log;
  }

  get(kind: string, key: string): unknown {
    return this.#kinds.get(kind)?.get(key);
  }

  *entries(kind: string): Iterable<readonly [key: string, value: unknown]> {
    const settings = this.#kinds.get(kind);
    if (settings === undefined) return;
    for (const key of [...settings.keys()].sort()) yield [key, settings.get(key)];
  }

  async put(kind: string, key: string, value: unknown): Promise<void> {
    checkNames(kind, key);
    // Readers get what a restart would give them, not an object the caller may go on changing.
    const packed = pack([kindPut, kind, key, value]);
    await this.#change(kind, key, { exists: true, value: (unpack(packed) as unknown[])[3] }, packed);
  }

  async remove(kind: string, key: string): Promise<void> {
    checkNames(kind, key);
    await this.#change(kind, key, { exists: false, value: undefined }, pack([kindRemove, kind, key]));
  }

  load(rows: KeyValueStore): void {
    rows.range(rowsStart, rowsEnd, (key, value) => {
      const reader = new RowKeyReader(key);
      this.#set(reader.text(), reader.text(), unpack(value));
    });
  }

  apply(record: LogRecord): void {
    const body = unpack(bodyOf(record.bytes())) as unknown[];
    const [operation] = body;
    // Live changes are in memory already, perhaps with newer ones on top.
    if (operation === kindPut) this.#applyPut(body, 1, record.live);
    else if (operation === kindPuts) for (let at = 1; at + 2 < body.length; at += 3) this.#applyPut(body, at, record.live);
    else if (operation === kindRemove) {
      const [, kind, key] = body;
      if (typeof kind !== 'string' || typeof key !== 'string') return;
      this.#dirty.set(rowKey(kind, key), undefined);
      if (!record.live) this.#delete(kind, key);
    }
  }

  checkpoint(batch: KeyValueBatch): void {
    for (const [key, value] of this.#dirty) {
      if (value === undefined) batch.remove(Buffer.from(key, 'latin1'));
      else batch.put(Buffer.from(key, 'latin1'), value);
    }
    this.#dirty = new Map();
  }

  checkpointed(): void {}

  async snapshot(log: SystemLog): Promise<void> {
    let body: unknown[] = [kindPuts];
    const bytesMax = Math.min(log.bodyBytesMax, snapshotBodyBytesMax);
    let room = bytesMax;
    const flush = async (): Promise<void> => {
      if (body.length === 1) return;
      const packed = pack(body);
      body = [kindPuts];
      room = bytesMax;
      await log.append(SystemTopic.settings, packed);
    };
    for (const [kind, settings] of this.#kinds) {
      for (const [key, value] of settings) {
        if (pack([kind, key, value]).length > room) await flush();
        // It may have been changed, or removed, while the records before were on their way.
        if (!settings.has(key)) continue;
        const now = settings.get(key);
        body.push(kind, key, now);
        room -= pack([kind, key, now]).length;
      }
    }
    await flush();
  }

  /** Shows what the key becomes while the record that says so is on its way. */
  async #change(kind: string, key: string, state: State, record: Uint8Array): Promise<void> {
    const row = rowKey(kind, key);
    const settings = this.#kinds.get(kind);
    const states = this.#states.get(row) ?? [{ exists: settings?.has(key) === true, value: settings?.get(key) }];
    this.#states.set(row, states);
    states.push(state);
    this.#show(kind, key, state);
    try {
      await this.#log.append(SystemTopic.settings, record);
      states.splice(0, states.indexOf(state));
    } catch (error) {
      // Not in the log, so not true.
      states.splice(states.indexOf(state), 1);
      this.#show(kind, key, states.at(-1) as State);
      throw error;
    } finally {
      if (states.length === 1) this.#states.delete(row);
    }
  }

  #show(kind: string, key: string, { exists, value }: State): void {
    if (exists) this.#set(kind, key, value);
    else this.#delete(kind, key);
  }

  #applyPut(body: readonly unknown[], at: number, live: boolean): void {
    const [kind, key, value] = [body[at], body[at + 1], body[at + 2]];
    if (typeof kind !== 'string' || typeof key !== 'string') return;
    this.#dirty.set(rowKey(kind, key), pack(value));
    if (!live) this.#set(kind, key, value);
  }

  #set(kind: string, key: string, value: unknown): void {
    let settings = this.#kinds.get(kind);
    if (settings === undefined) {
      settings = new Map();
      this.#kinds.set(kind, settings);
    }
    settings.set(key, value);
  }

  #delete(kind: string, key: string): void {
    this.#kinds.get(kind)?.delete(key);
  }
}

function rowKey(kind: string, key: string): string {
  return new RowKey(KeyPrefix.setting).text(kind).text(key).bytes().toString('latin1');
}

function checkNames(kind: string, key: string): void {
  if (Buffer.byteLength(kind) > settingNameBytesMax || Buffer.byteLength(key) > settingNameBytesMax) {
    throw new KiteError('KITE_STORE_ARGUMENT', `Kind and key of a setting are at most ${settingNameBytesMax} bytes long`);
  }
}
