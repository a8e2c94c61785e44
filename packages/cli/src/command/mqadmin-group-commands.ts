import type { ResetOffsetOptions } from '@kitemq/client';
import { KiteError } from '@kitemq/runtime';
import type { Session } from './session.ts';
import { brokerTarget } from '../work/topic-work.ts';
import { printMessage } from '../work/consume-work.ts';
import { queryMessages } from '../work/message-query-work.ts';
import { type Letters, type MqadminCommand, whole } from './mqadmin-command.ts';

function truth(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}

/** `now`, milliseconds, or Apache's `yyyy-MM-dd#HH:mm:ss:SSS` in local time. */
export function apacheTimestamp(text: string, now: number): number {
  if (text === 'now' || text === 'currentTimeMillis') return now;
  if (/^\d+$/.test(text)) return Number(text);
  const parts = /^(\d{4})-(\d\d)-(\d\d)#(\d\d):(\d\d):(\d\d):(\d{3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) throw new KiteError('KITE_USAGE', `-s is "${text}": it must be now, milliseconds since 1970, or yyyy-MM-dd#HH:mm:ss:SSS`);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0] = parts;
  return new Date(year, month - 1, day, hour, minute, second, millisecond).getTime();
}

async function reset(session: Session, options: ResetOffsetOptions): Promise<void> {
  const offsets = await session.admin.resetOffset({ ...options, signal: session.signal });
  const rows = offsets.map((queue) => [queue.brokerName, queue.queueId, queue.offset]);
  session.table(offsets, ['BROKER', 'QUEUE', 'OFFSET'], rows, `Group ${options.group} has no queue of ${options.topic}.`);
}

async function connections(session: Session, group: string, topic: string): Promise<void> {
  const found = await session.admin.producerConnections(group, topic, { signal: session.signal });
  const rows = found.map((connection) => [connection.clientId, connection.address, connection.language, connection.version]);
  session.table(found, ['CLIENT', 'ADDRESS', 'LANGUAGE', 'VERSION'], rows, `Group ${group} has no producer of ${topic}.`);
}

async function viewMessage(session: Session, { i = '', t = '' }: Letters): Promise<void> {
  const message = await session.admin.viewMessage(i, { topic: t, signal: session.signal });
  if (message === undefined) throw new KiteError('KITE_MESSAGE_NOT_FOUND', `there is no message ${i} in ${t}`);
  printMessage(session, message);
}

/** mqadmin's commands about groups, offsets and single messages. */
export const mqadminGroupCommands: readonly MqadminCommand[] = [
  {
    name: 'updateSubGroup',
    options:
      'g groupName!,b brokerAddr,c clusterName,s consumeEnable,m consumeFromMinEnable,d consumeBroadcastEnable,o consumeMessageOrderly,q retryQueueNums,r retryMaxTimes,i brokerId,w whichBrokerWhenConsumeSlowly,a notifyConsumerIdsChanged',
    work: async (session, { g = '', b, c, s, m, d, o, q, r, i, w, a }) => {
      await session.admin.createGroup(
        {
          group: g,
          consumeEnable: truth(s),
          consumeFromMinEnable: truth(m),
          consumeBroadcastEnable: truth(d),
          consumeMessageOrderly: truth(o),
          retryQueueNums: whole(q, '-q'),
          retryMaxTimes: whole(r, '-r'),
          brokerId: whole(i, '-i'),
          whichBrokerWhenConsumeSlowly: whole(w, '-w'),
          notifyConsumerIdsChangedEnable: truth(a),
        },
        brokerTarget({ broker: b, cluster: c }),
        { signal: session.signal },
      );
      session.answer({ group: g }, () => `Group ${g} is set.\n`);
    },
  },
  {
    name: 'deleteSubGroup',
    options: 'g groupName!,b brokerAddr,c clusterName,r removeOffset',
    work: async (session, { g = '', b, c, r }) => {
      await session.admin.deleteGroup(g, { ...brokerTarget({ broker: b, cluster: c }), cleanOffset: truth(r) === true }, { signal: session.signal });
      session.answer({ group: g, deleted: true }, () => `Group ${g} is deleted.\n`);
    },
  },
  {
    name: 'resetOffsetByTime',
    options: 'g group!,t topic!,s timestamp!,f force,c cluster,b broker,q queue,o offset',
    work: (session, { g = '', t = '', s = '', f, b, q, o }) => {
      const place = b === undefined ? {} : { brokerName: b };
      const force = f !== 'false';
      if (o !== undefined) return reset(session, { group: g, topic: t, force, offset: whole(o, '-o'), queueId: whole(q, '-q'), ...place });
      return reset(session, { group: g, topic: t, force, timestamp: apacheTimestamp(s, session.runtime.clock.now()), queueId: whole(q, '-q'), ...place });
    },
  },
  {
    name: 'skipAccumulatedMessage',
    options: 'g group!,t topic!,f force,c cluster',
    work: (session, { g = '', t = '', f }) => reset(session, { group: g, topic: t, to: 'last', force: f !== 'false' }),
  },
  { name: 'producerConnection', options: 'g producerGroup!,t topic!', work: (session, { g = '', t = '' }) => connections(session, g, t) },
  {
    name: 'queryMsgByKey',
    options: 't topic!,k msgKey!,b beginTimestamp,e endTimestamp,m maxNum,c cluster,p keyType,l lastKey',
    work: (session, { t = '', k = '', b, e, m, p = 'K' }) => {
      if (p !== 'K' && p !== 'T') throw new KiteError('KITE_USAGE', `-p is "${p}": it must be K (a key) or T (a tag)`);
      return queryMessages(session, { topic: t, [p === 'K' ? 'key' : 'tag']: k, since: b, until: e, count: whole(m, '-m') });
    },
  },
  {
    name: 'queryMsgByUniqueKey',
    options: 'i msgId!,t topic!,a showAll,c cluster,s startTime,e endTime',
    work: (session, { i = '', t = '', s, e }) => queryMessages(session, { topic: t, uniqueId: i, since: s, until: e }),
  },
  { name: 'queryMsgById', options: 't topic!,i msgId!,c cluster', work: viewMessage },
  { name: 'queryMsgByOffset', options: 't topic!,b brokerName!,i queueId!,o offset!', work: async (session, { t = '', b = '', i, o }) => {
    const queue = { topic: t, brokerName: b, queueId: whole(i, '-i') ?? 0 };
    const offset = whole(o, '-o') ?? 0;
    const { messages } = await session.client.puller().pull(queue, offset, { maxCount: 1, signal: session.signal });
    const message = messages.find((each) => each.queueOffset === offset);
    if (message === undefined) throw new KiteError('KITE_MESSAGE_NOT_FOUND', `there is no message at offset ${offset} of ${t} queue ${queue.queueId} on ${b}`);
    printMessage(session, message);
  } },
];
