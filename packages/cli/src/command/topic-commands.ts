import type { Command } from 'commander';
import { createTopic, type CreateTopicFlags, deleteTopic, listTopics, topicRoute, topicStatus } from '../work/topic-work.ts';
import { connectOptions, examples, type Frame, runs, wholeNumber } from './command-frame.ts';

const queuesMax = 65535;

const attributesHelp = `
Attributes:
  cleanup.policy=COMPACTION  the latest message of each key (KEYS) stays for ever, older ones go; decided when the topic is made
  message.ttl=<ms>           messages older than this are not delivered; 0 (default): as each says itself (MSG_TTL_MS); -1: never expire
  flush.mode=SYNC            sends are answered when the disk has them, also by brokers with ASYNC_FLUSH
  reserve.time=<hours>       messages are kept this long, if the broker does not delete them before (--keep-hours)
  reserve.bytes=<bytes>      the newest messages of this size are kept, per broker (--keep-bytes); -1: no limit, as for hours
  message.type=<type>        NORMAL, FIFO, DELAY, TRANSACTION, MIXED, PRIORITY or LITE
  queue.type=BatchCQ         decided when the topic is made`;

/** `kitemq topic create|list|delete|status|route`. */
export function addTopicCommands(program: Command, frame: Frame): void {
  const topic = program.command('topic').description('create, list, inspect and delete topics');
  const { environment } = frame.host;
  const count = wholeNumber(1, queuesMax);

  const create = connectOptions(topic.command('create <topic>'), environment)
    .description('create a topic, or change its settings')
    .option('-q, --queues <count>', 'queues to read and to write (default 8)', count)
    .option('--read-queues <count>', 'queues consumers read', count)
    .option('--write-queues <count>', 'queues producers write', count)
    .option('--perm <perm>', '2 write, 4 read, 6 both', wholeNumber(0, 7))
    .option('--order', 'messages are sent in order: keep queues of brokers that are away')
    .option('--keep-hours <hours>', 'delete messages after this time', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--keep-bytes <bytes>', 'keep at most so much on each broker; the oldest go first', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--attributes <list>', 'see below; several joined by ,  (-name takes one back)')
    .option('--cluster <name>', 'on all masters of this cluster (default: on all masters)')
    .option('--broker <name|host:port>', 'on this broker only')
    .addHelpText('after', attributesHelp)
    .addHelpText('after', examples(['kitemq topic create orders', 'kitemq topic create orders --queues 16 --cluster DefaultCluster', 'kitemq topic create clicks --keep-hours 6 --keep-bytes 1000000000', 'kitemq topic create prices --attributes cleanup.policy=COMPACTION', 'kitemq topic create payments --attributes flush.mode=SYNC,message.ttl=86400000']));
  runs<CreateTopicFlags>(create, frame, (session, flags, [name = '']) => createTopic(session, { ...flags, topic: name }));

  const list = connectOptions(topic.command('list'), environment)
    .description('list topics')
    .option('--cluster <name>', 'only topics of this cluster')
    .option('--all', "also the system's own topics")
    .addHelpText('after', examples(['kitemq topic list', 'kitemq topic list --json -n 10.0.0.5:9876']));
  runs<{ cluster?: string; all?: boolean }>(list, frame, listTopics);

  const remove = connectOptions(topic.command('delete <topic>'), environment)
    .description('delete a topic with its messages')
    .option('--cluster <name>', 'on the masters of this cluster only')
    .option('--broker <name|host:port>', 'on this broker only')
    .addHelpText('after', examples(['kitemq topic delete orders']));
  runs<{ cluster?: string; broker?: string }>(remove, frame, (session, flags, [name = '']) => deleteTopic(session, name, flags));

  const status = connectOptions(topic.command('status <topic>'), environment)
    .description('show the offsets of each queue')
    .addHelpText('after', examples(['kitemq topic status orders', 'kitemq topic status orders --json']));
  runs(status, frame, (session, _flags, [name = '']) => topicStatus(session, name));

  const route = connectOptions(topic.command('route <topic>'), environment)
    .description('show which brokers have the topic')
    .addHelpText('after', examples(['kitemq topic route orders']));
  runs(route, frame, (session, _flags, [name = '']) => topicRoute(session, name));
}
