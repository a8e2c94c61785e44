import { JsonObject, readJavaJson } from '@kitemq/protocol';
import type { JsonValue } from '@kitemq/protocol';
import type { Disk } from '@kitemq/runtime';

/** Files of `config/`: why it does not matter that they are not carried over, or what is lost when there is something in them. */
const configFiles: Readonly<Record<string, { readonly lost?: string }>> = {
  'topics.json': {},
  'subscriptionGroup.json': {},
  'consumerOffset.json': {},
  'delayOffset.json': {},
  // Bloom filters of subscriptions: made again when consumers connect.
  'consumerFilter.json': {},
  'timermetrics': {},
  'transactionMetrics': {},
  'colddataflowctr.json': {},
  'topicQueueMapping.json': { lost: 'static topics (topicQueueMapping.json): their queues are served as this broker has them, without the mapping' },
  'lmqConsumerOffset.json': { lost: 'offsets of light queues (lmqConsumerOffset.json)' },
  'consumerOrderInfo.json': { lost: 'which messages ordered pop consumers hold (consumerOrderInfo.json)' },
  'messageRequestMode.json': { lost: 'which groups consume by pop (messageRequestMode.json)' },
  'timercheck': {},
  'broadcastOffset.json': { lost: 'how far broadcast consumers that use the proxy are (broadcastOffset.json)' },
};

/** Folders and files of the store's root that hold more than can be made again from the log. */
const rootFiles: Readonly<Record<string, string>> = {
  'compaction/compactionLog': 'values of compacted topics that are older than the commit log (compaction/)',
  kvStore: 'what pop consumers hold (kvStore/)',
  rocksdb: 'tables in RocksDB (rocksdb/)',
  consumequeue_rocksdb: 'the index in RocksDB (consumequeue_rocksdb/); queues are what the log says',
  'tieredStoreMetadata.json': 'messages that tiered storage moved away (tieredStoreMetadata.json)',
};

/** Sentences on files that mean something and are not carried over. */
export function leftBehind(disk: Disk, store: string): string[] {
  const lost: string[] = [];
  for (const [name, what] of Object.entries(rootFiles)) {
    const stat = disk.statSync(`${store}/${name}`);
    if (stat === undefined || (stat.isDirectory ? !hasFiles(disk, `${store}/${name}`) : stat.size === 0)) continue;
    lost.push(`not carried over: ${what}`);
  }
  for (const name of disk.listSync(`${store}/config`)) {
    if (name.endsWith('.bak') || name.endsWith('.tmp')) continue;
    const known = Object.hasOwn(configFiles, name) ? configFiles[name] : undefined;
    const path = `${store}/config/${name}`;
    if (known === undefined) {
      if (disk.statSync(path)?.isDirectory !== true || hasFiles(disk, path)) lost.push(`not carried over, because it is not known: config/${name}`);
    } else if (known.lost !== undefined && saysSomething(disk, path)) lost.push(`not carried over: ${known.lost}`);
  }
  return lost;
}

const depthMax = 4;

function hasFiles(disk: Disk, path: string, depth = 0): boolean {
  return disk.listSync(path).some((name) => {
    const stat = disk.statSync(`${path}/${name}`);
    if (stat === undefined) return false;
    return stat.isDirectory ? depth < depthMax && hasFiles(disk, `${path}/${name}`, depth + 1) : stat.size > 0;
  });
}

/** A table that is not empty; what cannot be read may be one. Besides its version, a file is an object of tables. */
function saysSomething(disk: Disk, path: string): boolean {
  try {
    const tables = entriesOf(readJavaJson(Buffer.from(disk.readFileSync(path)).toString('utf8')));
    return tables.some(([name, table]) => name !== 'dataVersion' && (Array.isArray(table) ? table.length > 0 : entriesOf(table).length > 0));
  } catch {
    return (disk.statSync(path)?.size ?? 0) > 0;
  }
}

function entriesOf(value: JsonValue | undefined): (readonly [unknown, JsonValue | undefined])[] {
  if (value instanceof JsonObject) return value.keys.map((key, index) => [key, value.values[index]] as const);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
