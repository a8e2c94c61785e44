import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryKeyValueStore, silentLogger, type KeyValueStore, type OpenKeyValueStore } from '@kitemq/runtime';
import { SealedRows } from '../../src/checkpoint/sealed-rows.ts';
import { LogStore, type RecoveryReport, type StoreOptions } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { storeOptions } from '../support.ts';

/** A checkpoint store whose content can be looked at and copied. */
export class CopyableRows {
  rows: KeyValueStore = memoryKeyValueStore();
  readonly open: OpenKeyValueStore = () => {
    // The store closes its rows; the content goes on living here.
    const { rows } = this;
    return Object.assign(Object.create(rows) as KeyValueStore, {
      get: rows.get.bind(rows),
      range: rows.range.bind(rows),
      commit: rows.commit.bind(rows),
      commitSync: rows.commitSync.bind(rows),
      flush: rows.flush.bind(rows),
      sizeSync: rows.sizeSync.bind(rows),
      close: () => Promise.resolve(),
    });
  };

  /** As the store sees them. */
  get sealed(): SealedRows {
    return new SealedRows(this.rows, silentLogger);
  }

  copy(): CopyableRows {
    const copied = new CopyableRows();
    copied.rows.commitSync((batch) => this.rows.range(Buffer.of(0), Buffer.of(0xff), (key, value) => batch.put(key, value)));
    return copied;
  }
}

/** The log as it lay on disk at some moment, and the checkpoint of that moment. */
export class LogCopy {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly rows: CopyableRows;

  constructor(files: ReadonlyMap<string, Buffer>, rows: CopyableRows) {
    this.files = files;
    this.rows = rows;
  }

  static take(path: string, rows: CopyableRows): LogCopy {
    const directory = join(path, 'commitlog');
    return new LogCopy(new Map(readdirSync(directory).sort().map((name) => [name, readFileSync(join(directory, name))])), rows.copy());
  }

  /** The copy with other file contents; undefined removes a file. */
  with(changes: Readonly<Record<string, Buffer | undefined>>): LogCopy {
    const files = new Map(this.files);
    for (const [name, content] of Object.entries(changes)) {
      if (content === undefined) files.delete(name);
      else files.set(name, content);
    }
    return new LogCopy(files, this.rows);
  }

  withoutCheckpoint(): LogCopy {
    return new LogCopy(this.files, new CopyableRows());
  }

  /** Puts the copy into a folder, with the mark of an unclean exit. */
  write(path: string): void {
    mkdirSync(join(path, 'commitlog'), { recursive: true });
    for (const [name, content] of this.files) writeFileSync(join(path, 'commitlog', name), content);
    writeFileSync(join(path, 'abort'), '1');
  }
}

export interface Opened {
  readonly store: LogStore;
  readonly report: RecoveryReport;
  readonly options: StoreOptions;
}

export async function openCopy(copy: LogCopy, path: string, overrides: Partial<StoreOptions> = {}): Promise<Opened> {
  copy.write(path);
  const options = storeOptions(path, { runtime: fastRuntime(), openKeyValue: copy.rows.copy().open, ...overrides });
  const store = new LogStore(options);
  const report = await store.start();
  return { store, report, options };
}

