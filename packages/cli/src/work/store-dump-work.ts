import { KiteError } from '@kitemq/runtime';
import type { BodyForm, DumpFilter, StoredRecord } from '@kitemq/store/tools';
import { shardLine, type InspectWork } from './store-inspect-work.ts';

export interface DumpFlags {
  readonly topic?: string;
  readonly queue?: number;
  readonly position?: number;
  readonly untilPosition?: number;
  readonly offset?: number;
  readonly untilOffset?: number;
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
  readonly body: BodyForm;
}

/** Characters of a body in a line for a person. */
const bodyCharacters = 60;

function timeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(time)) throw new KiteError('KITE_USAGE', `${flag} is "${text}": it must be milliseconds since 1970, or a date such as 2026-11-20T10:00:00Z`);
  return time;
}

function filterOf(flags: DumpFlags): DumpFilter {
  const filter: Record<string, number | string | undefined> = {
    topic: flags.topic,
    queueId: flags.queue,
    from: flags.position,
    until: flags.untilPosition,
    fromOffset: flags.offset,
    untilOffset: flags.untilOffset,
    after: timeOf('--after', flags.after),
    before: timeOf('--before', flags.before),
    limit: flags.limit,
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as DumpFilter;
}

/** `kitemq store dump`: a line per record, JSON or for a person. */
export async function dumpStores({ tools, host, runtime, stores, json, signal }: InspectWork, flags: DumpFlags): Promise<void> {
  const { stdout, stderr } = host;
  const filter = filterOf(flags);
  let left = filter.limit ?? Number.MAX_SAFE_INTEGER;
  // Whoever read it has enough: `| head`.
  const isWanted = (): boolean => left > 0 && (stdout as { readonly destroyed?: boolean }).destroyed !== true;
  for (const { shard, path } of stores) {
    if (!isWanted()) return;
    const isOneOfMany = stores.length > 1;
    if (isOneOfMany && !json) stdout.write(shardLine({ shard, path }));
    left -= await tools.dumpStore({
      runtime,
      path,
      signal,
      filter: { ...filter, limit: left },
      body: flags.body,
      onRecord: (record) => {
        stdout.write(json ? `${JSON.stringify(isOneOfMany ? { shard, ...record } : record)}\n` : recordLine(record));
        return isWanted();
      },
      onHole: (from, until, reason) => void stderr.write(`${isOneOfMany ? `shard ${shard}: ` : ''}no records from ${from} to ${until}: ${reason}\n`),
    });
  }
}

function recordLine(record: StoredRecord): string {
  const { position, topic, queueId, queueOffset, storeTimestamp, bodyBytes, properties, content, carriedBy } = record;
  const body = content === undefined ? record.body : JSON.stringify(content);
  const shown = body === undefined ? '' : `  ${JSON.stringify(body.length > bodyCharacters ? `${body.slice(0, bodyCharacters)}…` : body)}`;
  const named = ['TAGS', 'KEYS', 'UNIQ_KEY'].filter((name) => properties[name] !== undefined).map((name) => `  ${name}=${properties[name]}`);
  return `${position}  ${new Date(storeTimestamp).toISOString()}  ${topic}/${queueId}/${queueOffset}  ${bodyBytes} bytes${named.join('')}${carriedBy === undefined ? '' : `  carried over by ${carriedBy}`}${shown}\n`;
}
