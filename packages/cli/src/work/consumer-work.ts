import type { Session } from '../command/session.ts';

interface GroupSummary {
  readonly group: string;
  /** Undefined when nobody knows, with the reason in `error`. */
  readonly members: number;
  readonly topics: readonly string[];
  readonly lag: number;
  readonly inFlight: number;
}

async function summarize(session: Session, group: string): Promise<GroupSummary | undefined> {
  const { signal } = session;
  try {
    const progress = await session.admin.consumerProgress(group, { signal });
    // A group that nobody is connected to is answered with an error; its lag is known all the same.
    const members = await session.admin.consumerConnections(group, { signal }).then(({ connections }) => connections.length, () => 0);
    const topics = [...new Set(progress.queues.map((queue) => queue.topic))];
    return { group, members, topics, lag: progress.lag, inFlight: progress.inFlight };
  } catch {
    // Never consumed anything: no offsets, no progress.
    return undefined;
  }
}

async function allGroups(session: Session): Promise<void> {
  const configured = await session.admin.listGroups({}, { signal: session.signal });
  const groups = [...new Set(configured.map(({ group }) => group))];
  const summaries = (await Promise.all(groups.map((group) => summarize(session, group)))).filter((summary) => summary !== undefined);
  const rows = summaries.map((row) => [row.group, row.members, row.topics.filter((topic) => !topic.startsWith('%RETRY%')).join(' '), row.lag, row.inFlight]);
  session.table(summaries, ['GROUP', 'MEMBERS', 'TOPICS', 'LAG', 'IN FLIGHT'], rows, 'No group has consumed anything yet.');
}

export interface ProgressFlags {
  readonly group?: string | undefined;
  readonly topic?: string | undefined;
}

/** Lag per queue of one group, or a line per group. */
export async function consumerProgress(session: Session, flags: ProgressFlags): Promise<void> {
  if (flags.group === undefined) return allGroups(session);
  const { topic } = flags;
  const progress = await session.admin.consumerProgress(flags.group, { signal: session.signal, ...(topic === undefined ? {} : { topic }) });
  const rows = progress.queues.map((queue) => [
    queue.topic,
    queue.brokerName,
    queue.queueId,
    queue.brokerOffset,
    queue.consumerOffset,
    queue.lag,
    queue.inFlight,
    queue.clientId,
  ]);
  session.table(progress, ['TOPIC', 'BROKER', 'QUEUE', 'BROKER OFFSET', 'CONSUMER OFFSET', 'LAG', 'IN FLIGHT', 'CLIENT'], rows, `Group ${flags.group} has consumed nothing yet.`);
  session.note(`Lag ${progress.lag}, in flight ${progress.inFlight}.`);
}

export async function consumerConnection(session: Session, group: string): Promise<void> {
  const found = await session.admin.consumerConnections(group, { signal: session.signal });
  const rows = found.connections.map((connection) => [connection.clientId, connection.address, connection.language, connection.version]);
  session.table(found, ['CLIENT', 'ADDRESS', 'LANGUAGE', 'VERSION'], rows, `Group ${group} has no member.`);
}
