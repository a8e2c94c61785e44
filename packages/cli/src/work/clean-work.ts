import { type AnyCommand, Commands } from '@kitemq/protocol';
import { KiteError } from '@kitemq/runtime';
import type { Session } from '../command/session.ts';
import { brokerTarget, type TopicTargetFlags } from './topic-work.ts';

/** What masters are asked to delete, whatever the hour. */
export type CleanWhat = 'expired' | 'queues' | 'unusedTopics';

const requests: Readonly<Record<CleanWhat, AnyCommand>> = {
  expired: Commands.deleteExpiredCommitlog,
  queues: Commands.cleanExpiredConsumequeue,
  unusedTopics: Commands.cleanUnusedTopic,
};

/** Addresses of the masters that are meant: of one broker, of a cluster, or all. */
async function mastersOf(session: Session, flags: TopicTargetFlags): Promise<string[]> {
  const { brokerAddress, brokerName, cluster } = brokerTarget(flags);
  if (brokerAddress !== undefined) return [brokerAddress];
  const { brokers } = await session.admin.clusterInfo({ signal: session.signal });
  const sets = brokers.filter((set) => (cluster === undefined || set.cluster === cluster) && (brokerName === undefined || set.brokerName === brokerName));
  const masters = sets.flatMap(({ members }) => members.filter(({ brokerId }) => brokerId === 0).map(({ address }) => address));
  if (masters.length === 0) throw new KiteError('KITE_USAGE', `there is no master broker ${brokerName ?? `in cluster ${cluster ?? 'any'}`}`);
  return masters;
}

/** Has brokers delete now what they would delete at their quiet hour. Exit code 1 when one refuses. */
export async function cleanBrokers(session: Session, flags: TopicTargetFlags, what: CleanWhat): Promise<number> {
  const command = requests[what];
  const rows: { address: string; error?: string }[] = [];
  for (const address of await mastersOf(session, flags)) {
    const reply = await session.admin.invoke(address, command, {}, undefined, { signal: session.signal });
    rows.push(reply.code === 0 ? { address } : { address, error: `${reply.code} ${reply.remark ?? ''}`.trim() });
  }
  session.answer(rows, () => rows.map(({ address, error }) => `${address}: ${error ?? 'cleaned'}\n`).join(''));
  return rows.some(({ error }) => error !== undefined) ? 1 : 0;
}
