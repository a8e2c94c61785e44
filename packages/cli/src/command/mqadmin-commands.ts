import { KiteError } from '@kitemq/runtime';
import type { Command } from 'commander';
import { cleanBrokers } from '../work/clean-work.ts';
import { listCluster, showConfig } from '../work/cluster-work.ts';
import { consume } from '../work/consume-work.ts';
import { consumerConnection, consumerProgress } from '../work/consumer-work.ts';
import { send } from '../work/send-work.ts';
import { createTopic, deleteTopic, listTopics, topicRoute, topicStatus } from '../work/topic-work.ts';
import { connectOptions, type Frame, runs } from './command-frame.ts';
import { type Letters, type MqadminCommand, whole } from './mqadmin-command.ts';
import { mqadminGroupCommands } from './mqadmin-group-commands.ts';
import { mqadminNotOffered } from './mqadmin-not-offered.ts';
import type { Session } from './session.ts';

async function masterAddresses(session: Session, letters: Letters): Promise<string[]> {
  if (letters['b'] !== undefined) return [letters['b']];
  const { brokers } = await session.admin.clusterInfo({ signal: session.signal });
  const masters = brokers.filter((set) => letters['c'] === undefined || set.cluster === letters['c']).flatMap((set) => set.members.filter((member) => member.brokerId === 0));
  if (masters.length === 0) throw new KiteError('KITE_USAGE', `there is no master broker in cluster ${letters['c'] ?? 'any'}`);
  return masters.map((master) => master.address);
}

/** mqadmin's names and letters, mapped to the same work as KiteMQ's own commands. */
const clusterCommands: readonly MqadminCommand[] = [
  {
    name: 'updateTopic',
    options: 't topic!,b brokerAddr,c clusterName,r readQueueNums,w writeQueueNums,p perm,o order,a attributes,u unit,s hasUnitSub',
    work: (session, { t = '', b, c, r, w, p, o, a }) =>
      createTopic(session, {
        topic: t,
        broker: b,
        cluster: c,
        readQueues: whole(r, '-r'),
        writeQueues: whole(w, '-w'),
        perm: whole(p, '-p'),
        order: o === undefined ? undefined : o === 'true',
        attributes: a,
      }),
  },
  { name: 'deleteTopic', options: 't topic!,c clusterName', work: (session, { t = '', c }) => deleteTopic(session, t, { cluster: c }) },
  { name: 'topicList', options: '', work: (session) => listTopics(session, { all: true }) },
  { name: 'topicStatus', options: 't topic!,c cluster', work: (session, { t = '' }) => topicStatus(session, t) },
  { name: 'topicRoute', options: 't topic!', work: (session, { t = '' }) => topicRoute(session, t) },
  { name: 'clusterList', options: 'c clusterName', work: (session, { c }) => listCluster(session, { cluster: c }) },
  { name: 'consumerProgress', options: 'g groupName,t topicName,c cluster', work: (session, { g, t }) => consumerProgress(session, { group: g, topic: t }) },
  { name: 'consumerConnection', options: 'g consumerGroup!,b brokerAddr', work: (session, { g = '' }) => consumerConnection(session, g) },
  {
    name: 'sendMessage',
    options: 't topic!,p body!,k key,c tags,b broker,i qid,m msgTraceEnable',
    work: (session, { t = '', p, k, c, b, i }) => send(session, { topic: t, body: p, key: k, tag: c, broker: b, queue: whole(i, '-i') }),
  },
  {
    name: 'consumeMessage',
    options: 't topic!,b brokerName,i queueId,o offset,g consumerGroup,s beginTimestamp,c MessageNumber',
    work: (session, { t = '', b, i, o, g, s, c }) =>
      consume(session, { topic: t, broker: b, queue: whole(i, '-i'), offset: whole(o, '-o'), group: g, from: s, count: whole(c, '-c') }),
  },
  {
    name: 'brokerStatus',
    options: 'b brokerAddr,c clusterName',
    work: async (session, letters) => {
      for (const address of await masterAddresses(session, letters)) await showConfig(session, await session.admin.brokerRuntimeInfo(address, { signal: session.signal }));
    },
  },
  {
    name: 'getBrokerConfig',
    options: 'b brokerAddr,c clusterName',
    work: async (session, letters) => {
      for (const address of await masterAddresses(session, letters)) await showConfig(session, await session.admin.brokerConfig(address, { signal: session.signal }));
    },
  },
  {
    name: 'updateBrokerConfig',
    options: 'k key!,v value!,b brokerAddr,c clusterName',
    work: async (session, { k = '', v = '', b, c }) => {
      await session.admin.updateBrokerConfig({ [k]: v }, { brokerAddress: b, cluster: c }, { signal: session.signal });
      session.answer({ [k]: v }, () => `${k} is set to ${v}.\n`);
    },
  },
  { name: 'deleteExpiredCommitLog', options: 'b brokerAddr,c cluster', work: (session, { b, c }) => cleanBrokers(session, { broker: b, cluster: c }, 'expired') },
  { name: 'cleanExpiredCQ', options: 'b brokerAddr,c cluster', work: (session, { b, c }) => cleanBrokers(session, { broker: b, cluster: c }, 'queues') },
  { name: 'cleanUnusedTopic', options: 'b brokerAddr,c cluster', work: (session, { b, c }) => cleanBrokers(session, { broker: b, cluster: c }, 'unusedTopics') },
  { name: 'getNamesrvConfig', options: '', work: async (session) => showConfig(session, await session.admin.nameserverConfig(undefined, { signal: session.signal })) },
  {
    name: 'updateNamesrvConfig',
    options: 'k key!,v value!',
    work: async (session, { k = '', v = '' }) => {
      await session.admin.updateNameserverConfig({ [k]: v }, { signal: session.signal });
      session.answer({ [k]: v }, () => `${k} is set to ${v}.\n`);
    },
  },
  {
    name: 'wipeWritePerm',
    options: 'b brokerName!',
    work: async (session, { b = '' }) => {
      const topics = await session.admin.wipeWritePermission(b, { signal: session.signal });
      session.answer({ brokerName: b, topics }, () => `${topics} topics of ${b} take no more messages.\n`);
    },
  },
  {
    name: 'addWritePerm',
    options: 'b brokerName!',
    work: async (session, { b = '' }) => {
      const topics = await session.admin.addWritePermission(b, { signal: session.signal });
      session.answer({ brokerName: b, topics }, () => `${topics} topics of ${b} take messages again.\n`);
    },
  },
  {
    name: 'updateKvConfig',
    options: 's namespace!,k key!,v value!',
    work: async (session, { s = '', k = '', v = '' }) => {
      await session.admin.putKvConfig(s, k, v, { signal: session.signal });
      session.answer({ namespace: s, [k]: v }, () => `${s} ${k} is set to ${v}.\n`);
    },
  },
  {
    name: 'deleteKvConfig',
    options: 's namespace!,k key!',
    work: async (session, { s = '', k = '' }) => {
      await session.admin.deleteKvConfig(s, k, { signal: session.signal });
      session.answer({ namespace: s, key: k, deleted: true }, () => `${s} ${k} is deleted.\n`);
    },
  },
];

const mqadminCommands: readonly MqadminCommand[] = [...clusterCommands, ...mqadminGroupCommands];

/** Names of mqadmin commands that work here. */
export const mqadminNames: readonly string[] = mqadminCommands.map(({ name }) => name);

/** Apache's admin command names, hidden from help, with `-n` and the letters of Apache's tool. */
export function addMqadminCommands(program: Command, frame: Frame): void {
  for (const { name, options, work } of mqadminCommands) {
    const command = connectOptions(program.command(name, { hidden: true }), frame.host.environment).description(`as mqadmin ${name}`);
    const byLetter = new Map<string, string>();
    for (const declared of options === '' ? [] : options.split(',')) {
      const [letter = '', long = ''] = declared.replace('!', '').split(' ');
      const flags = `-${letter}, --${long} <value>`;
      if (declared.endsWith('!')) command.requiredOption(flags);
      else command.option(flags);
      byLetter.set(command.options.at(-1)?.attributeName() ?? long, letter);
    }
    runs<Record<string, string | undefined>>(command, frame, (session, flags) => {
      const letters: Record<string, string | undefined> = {};
      for (const [attribute, letter] of byLetter) letters[letter] = flags[attribute];
      return work(session, letters);
    });
  }
  for (const name of mqadminNotOffered) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new KiteError('KITE_USAGE', `mqadmin's ${name} is not offered by this release; Apache's own mqadmin may do it: see docs/roadmap.md`);
      });
  }
}
