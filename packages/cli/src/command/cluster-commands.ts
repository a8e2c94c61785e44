import type { Command } from 'commander';
import { cleanBrokers } from '../work/clean-work.ts';
import { listCluster } from '../work/cluster-work.ts';
import { consumerConnection, consumerProgress, type ProgressFlags } from '../work/consumer-work.ts';
import { doctor } from '../work/doctor-work.ts';
import { connectOptions, examples, type Frame, runs } from './command-frame.ts';

/** `kitemq cluster list|clean`, `kitemq consumer progress|members`, `kitemq doctor`. */
export function addClusterCommands(program: Command, frame: Frame): void {
  const { environment } = frame.host;
  const cluster = program.command('cluster').description('inspect the cluster');
  const list = connectOptions(cluster.command('list'), environment)
    .description('list brokers with version, rates and disk use')
    .option('--cluster <name>', 'only this cluster')
    .addHelpText('after', examples(['kitemq cluster list', 'kitemq cluster list --json']));
  runs<{ cluster?: string }>(list, frame, listCluster);

  const clean = connectOptions(cluster.command('clean'), environment)
    .description('delete now what has expired, whatever the hour')
    .option('--unused-topics', 'instead: the queues of topics that do not exist any more')
    .option('--cluster <name>', 'only on brokers of this cluster')
    .option('--broker <name|host:port>', 'only on this broker')
    .addHelpText('after', examples(['kitemq cluster clean', 'kitemq cluster clean --broker broker-a --unused-topics']));
  runs<{ cluster?: string; broker?: string; unusedTopics?: boolean }>(clean, frame, (session, flags) => cleanBrokers(session, flags, flags.unusedTopics === true ? 'unusedTopics' : 'expired'));

  const consumer = program.command('consumer').description('inspect consumer groups');
  const progress = connectOptions(consumer.command('progress'), environment)
    .description('show how far groups are behind')
    .option('-g, --group <group>', 'per queue of this group (default: a line per group)')
    .option('-t, --topic <topic>', 'only this topic')
    .addHelpText('after', examples(['kitemq consumer progress', 'kitemq consumer progress -g billing', 'kitemq consumer progress -g billing -t orders --json']));
  runs<ProgressFlags>(progress, frame, consumerProgress);
  const members = connectOptions(consumer.command('members <group>'), environment)
    .description('list the connected members of a group')
    .addHelpText('after', examples(['kitemq consumer members billing']));
  runs(members, frame, (session, _flags, [group = '']) => consumerConnection(session, group));

  const check = connectOptions(program.command('doctor'), environment)
    .description('dial every advertised address as a client would, and say what is wrong')
    .option('-t, --topic <topic>', 'also check that this topic can be written')
    .addHelpText('after', examples(['kitemq doctor', 'kitemq doctor -n broker.example.com:9876 --topic orders']));
  runs<{ topic?: string }>(check, frame, doctor);
}
