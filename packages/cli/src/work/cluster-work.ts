import type { Session } from '../command/session.ts';

interface BrokerRow {
  readonly cluster: string;
  readonly brokerName: string;
  readonly brokerId: number;
  readonly address: string;
  /** Empty when the broker did not answer. */
  readonly version: string;
  readonly putTps: string;
  readonly getTps: string;
  readonly diskRatio: string;
  /** `1/4` for shard 1 of a process with four; only when the process has several. */
  readonly shard?: string;
  readonly error?: string;
}

async function describeBroker(session: Session, place: Omit<BrokerRow, 'version' | 'putTps' | 'getTps' | 'diskRatio'>): Promise<BrokerRow> {
  try {
    const info = await session.admin.brokerRuntimeInfo(place.address, { signal: session.signal });
    // The first of three figures is the average of the last ten seconds.
    const first = (key: string): string => (info[key] ?? '').split(' ')[0] ?? '';
    const shard = info['shards'] === undefined ? {} : { shard: `${info['shard']}/${info['shards']}` };
    return { ...place, ...shard, version: info['brokerVersionDesc'] ?? '', putTps: first('putTps'), getTps: first('getTransferredTps'), diskRatio: info['commitLogDiskRatio'] ?? '' };
  } catch (error) {
    return { ...place, version: '', putTps: '', getTps: '', diskRatio: '', error: error instanceof Error ? error.message : String(error) };
  }
}

/** A share from 0 to 1, as a person reads it; anything else as it came. */
function percent(share: string): string {
  return share === '' || Number.isNaN(Number(share)) ? share : `${Math.round(Number(share) * 100)} %`;
}

/** A row per broker, also of those that do not answer. Exit code 1 when one does not. */
export async function listCluster(session: Session, flags: { readonly cluster?: string | undefined }): Promise<number> {
  const overview = await session.admin.clusterInfo({ signal: session.signal });
  const sets = overview.brokers.filter((set) => flags.cluster === undefined || set.cluster === flags.cluster);
  const places = sets.flatMap((set) => set.members.map(({ brokerId, address }) => ({ cluster: set.cluster, brokerName: set.brokerName, brokerId, address })));
  const brokers = await Promise.all(places.map((place) => describeBroker(session, place)));
  const hasShards = brokers.some((row) => row.shard !== undefined);
  const rows = brokers.map((row) => [
    ...[row.cluster, row.brokerName, row.brokerId],
    ...(hasShards ? [row.shard ?? '-'] : []),
    ...[row.address, row.version, row.putTps, row.getTps, percent(row.diskRatio)],
  ]);
  session.table(brokers, ['CLUSTER', 'BROKER', 'ID', ...(hasShards ? ['SHARD'] : []), 'ADDRESS', 'VERSION', 'IN/S', 'OUT/S', 'DISK'], rows, 'No broker is registered at the nameserver.');
  for (const row of brokers) if (row.error !== undefined) session.note(`${row.brokerName} ${row.address}: ${row.error}`);
  return brokers.some((row) => row.error !== undefined) ? 1 : 0;
}

export async function showConfig(session: Session, entries: Readonly<Record<string, string>>): Promise<void> {
  const rows = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  session.table(Object.fromEntries(rows), ['KEY', 'VALUE'], rows, 'Nothing.');
}
