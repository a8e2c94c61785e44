import { dirname } from 'node:path';
import type { Disk, Logger, Timers } from '@kitemq/runtime';
import { ensureDirectorySync, KiteError } from '@kitemq/runtime';

/** Order configuration of topics: `brokerA:4;brokerB:4` by topic. */
export const orderTopicNamespace = 'ORDER_TOPIC_CONFIG';

/** Ours; Apache has none. */
export const kvLimits = { entriesMax: 10_000, nameBytesMax: 1_024, valueBytesMax: 65_536, totalBytesMax: 8_388_608 } as const;

/** What came of a change: undefined, or why it was not made (or not made durable). */
export type KvDone = (error: KiteError | undefined) => void;

export interface KvConfigOptions {
  readonly disk: Disk;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The file; empty: memory only. Set by whoever starts the name server, never by a peer. */
  readonly path: string;
}

/**
 * Text by namespace and key, kept in Apache's `kvConfig.json`. All changes of one turn of the event loop are written with one
 * atomic replacement of the file, and answered after it.
 */
export class KvConfig {
  private readonly options: KvConfigOptions;
  private readonly namespaces: Map<string, Map<string, string>> = new Map();
  private entries = 0;
  private bytes = 0;
  private waiting: KvDone[] = [];
  /** What undoes the changes that wait to be written, newest last. */
  private undo: (() => void)[] = [];

  constructor(options: KvConfigOptions) {
    this.options = options;
  }

  /** Makes the file's directory if need be, and reads the file. @throws KiteError `KITE_KV_CONFIG_UNREADABLE` rather than start with less than was stored. */
  load(): void {
    const { disk, path } = this.options;
    if (path === '') return;
    try {
      ensureDirectorySync(disk, dirname(path));
      if (disk.statSync(path) === undefined) return;
      this.fill(JSON.parse(Buffer.from(disk.readFileSync(path)).toString('utf8')));
    } catch (error) {
      throw new KiteError('KITE_KV_CONFIG_UNREADABLE', `The KV config file ${path} cannot be used (${(error as Error).message}): repair it, or move it away to start without.`, { cause: error, details: { path } });
    }
  }

  get(namespace: string, key: string): string | undefined {
    return this.namespaces.get(namespace)?.get(key);
  }

  /** Undefined for a namespace nobody put anything into. */
  list(namespace: string): ReadonlyMap<string, string> | undefined {
    return this.namespaces.get(namespace);
  }

  put(namespace: string, key: string, value: string, done: KvDone): void {
    const refused = this.check(namespace, key, value);
    if (refused !== undefined) return done(refused);
    const before = this.get(namespace, key);
    this.set(namespace, key, value);
    this.persistSoon(() => (before === undefined ? this.unset(namespace, key) : this.set(namespace, key, before)), done);
  }

  remove(namespace: string, key: string, done: KvDone): void {
    const before = this.get(namespace, key);
    if (before === undefined) return done(undefined);
    this.unset(namespace, key);
    this.persistSoon(() => this.set(namespace, key, before), done);
  }

  private check(namespace: string, key: string, value: string): KiteError | undefined {
    const { entriesMax, nameBytesMax, valueBytesMax, totalBytesMax } = kvLimits;
    if (namespace === '' || key === '') return refusal('namespace or key is null');
    if (Buffer.byteLength(namespace) > nameBytesMax || Buffer.byteLength(key) > nameBytesMax) return refusal(`namespace or key has more than ${nameBytesMax} bytes`);
    if (Buffer.byteLength(value) > valueBytesMax) return refusal(`the value has more than ${valueBytesMax} bytes`);
    const before = this.get(namespace, key);
    if (before === undefined && this.entries >= entriesMax) return refusal(`there are ${entriesMax} entries already`);
    const freed = before === undefined ? 0 : entryBytes(namespace, key, before);
    if (this.bytes - freed + entryBytes(namespace, key, value) > totalBytesMax) return refusal(`all entries together would have more than ${totalBytesMax} bytes`);
    return undefined;
  }

  private set(namespace: string, key: string, value: string): void {
    this.unset(namespace, key);
    const entries = this.namespaces.get(namespace) ?? new Map<string, string>();
    this.namespaces.set(namespace, entries.set(key, value));
    this.entries++;
    this.bytes += entryBytes(namespace, key, value);
  }

  private unset(namespace: string, key: string): void {
    const entries = this.namespaces.get(namespace);
    const value = entries?.get(key);
    if (value === undefined) return;
    entries!.delete(key);
    if (entries!.size === 0) this.namespaces.delete(namespace);
    this.entries--;
    this.bytes -= entryBytes(namespace, key, value);
  }

  private persistSoon(undo: () => void, done: KvDone): void {
    if (this.options.path === '') return done(undefined);
    this.undo.push(undo);
    if (this.waiting.push(done) === 1) this.options.timers.setImmediate(() => this.persist());
  }

  private persist(): void {
    const { waiting, undo } = this;
    this.waiting = [];
    this.undo = [];
    let failure: KiteError | undefined;
    try {
      this.options.disk.replaceFileSync(this.options.path, Buffer.from(this.text()));
    } catch (error) {
      for (const back of undo.toReversed()) back();
      this.options.logger.error({ error, path: this.options.path }, 'the KV config could not be written');
      failure = new KiteError('KITE_KV_CONFIG_WRITE', `The KV config could not be written: ${(error as Error).message}`, { cause: error });
    }
    for (const done of waiting) done(failure);
  }

  /** Apache's layout: `{"configTable":{"namespace":{"key":"value"}}}`. Maps, so that no name can reach a prototype. */
  private text(): string {
    const objectText = <V>(map: ReadonlyMap<string, V>, write: (value: V) => string): string =>
      `{${Array.from(map, ([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',\n')}}`;
    return `{"configTable":${objectText(this.namespaces, (entries) => objectText(entries, (value) => JSON.stringify(value)))}}\n`;
  }

  private fill(content: unknown): void {
    const table = (content as { configTable?: unknown } | null)?.configTable;
    if (typeof table !== 'object' || table === null) throw new TypeError('there is no configTable in it');
    for (const [namespace, entries] of Object.entries(table)) {
      for (const [key, value] of Object.entries(entries as Record<string, unknown>)) {
        if (typeof value !== 'string') throw new TypeError(`the value of ${namespace} ${key} is no text`);
        this.set(namespace, key, value);
      }
    }
  }
}

const refusal = (why: string): KiteError => new KiteError('KITE_KV_CONFIG_REFUSED', why);
const entryBytes = (namespace: string, key: string, value: string): number => namespace.length + key.length + value.length;
