import { ConsumerOffsetSerializeWrapper, DelayOffsetSerializeWrapper, SubscriptionGroupWrapper, TopicConfigSerializeWrapper } from '@kitemq/protocol';
import type { BodyCodec } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { Disk } from '@kitemq/runtime';

/** What an Apache broker keeps in `config/`; undefined where there is no such file. */
export interface ApacheConfig {
  readonly topics: TopicConfigSerializeWrapper | undefined;
  readonly groups: SubscriptionGroupWrapper | undefined;
  readonly offsets: ConsumerOffsetSerializeWrapper | undefined;
  readonly delayOffsets: DelayOffsetSerializeWrapper | undefined;
  /** Sentences on what was read otherwise than it should be. */
  readonly notes: readonly string[];
}

/** Where Apache keeps these tables when `configManagerVersion` or `realTimePersistRocksDBConfig` say RocksDB. */
const rocksDbDirectories = ['topics', 'subscriptionGroups', 'consumerOffsets', 'metadata', 'rdb'];

/**
 * Reads `config/*.json`; a file that is broken is replaced by its `.bak`, as Apache does.
 * @throws KiteError `KITE_IMPORT_CONFIG` when topics or groups or offsets cannot be read and `damaged` does not allow that
 */
export function readApacheConfig(disk: Disk, store: string, damaged: boolean): ApacheConfig {
  const directory = `${store}/config`;
  const notes: string[] = [];
  const read = <T>(name: string, codec: BodyCodec<T>, isNeeded: boolean): T | undefined => {
    const found = readFile(disk, `${directory}/${name}`, codec);
    if (found.problem !== undefined) {
      if (!damaged && found.value === undefined) throw configError(`${directory}/${name} cannot be read: ${found.problem}`, directory);
      notes.push(`${name} could not be read (${found.problem}); ${found.value === undefined ? 'it is left out' : `${name}.bak was taken`}`);
    } else if (found.value === undefined && isNeeded) {
      if (!damaged) throw missing(disk, directory, name);
      notes.push(`there is no config/${name}`);
    }
    return found.value;
  };
  return {
    topics: read('topics.json', TopicConfigSerializeWrapper, true),
    groups: read('subscriptionGroup.json', SubscriptionGroupWrapper, false),
    offsets: read('consumerOffset.json', ConsumerOffsetSerializeWrapper, false),
    delayOffsets: read('delayOffset.json', DelayOffsetSerializeWrapper, false),
    notes,
  };
}

function missing(disk: Disk, directory: string, name: string): KiteError {
  const inRocksDb = rocksDbDirectories.some((each) => disk.statSync(`${directory}/${each}`)?.isDirectory === true);
  if (inRocksDb) return configError(`The broker kept its topics and offsets in RocksDB (${directory}); write them as JSON first: mqadmin rocksDBConfigToJson`, directory);
  return configError(`There is no ${directory}/${name}, so topics would be missing; import with --damaged to make them from the messages`, directory);
}

function configError(message: string, path: string): KiteError {
  return new KiteError('KITE_IMPORT_CONFIG', message, { details: { path } });
}

interface FoundFile<T> {
  readonly value: T | undefined;
  readonly problem: string | undefined;
}

function readFile<T>(disk: Disk, path: string, codec: BodyCodec<T>): FoundFile<T> {
  const main = decode(disk, path, codec);
  if (main.value !== undefined) return main;
  const backup = decode(disk, `${path}.bak`, codec);
  if (backup.value === undefined) return main;
  return { value: backup.value, problem: main.problem ?? 'it is not there' };
}

function decode<T>(disk: Disk, path: string, codec: BodyCodec<T>): FoundFile<T> {
  if (disk.statSync(path) === undefined) return { value: undefined, problem: undefined };
  try {
    return { value: codec.decode(disk.readFileSync(path)), problem: undefined };
  } catch (error) {
    return { value: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}
