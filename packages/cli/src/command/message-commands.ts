import type { Command } from 'commander';
import { consume, type ConsumeFlags } from '../work/consume-work.ts';
import { queryMessages, type MessageQuery } from '../work/message-query-work.ts';
import { send, type SendFlags } from '../work/send-work.ts';
import { connectOptions, examples, type Frame, repeated, runs, wholeNumber } from './command-frame.ts';

/** `kitemq send`, `kitemq consume`, `kitemq message query`. */
export function addMessageCommands(program: Command, frame: Frame): void {
  const { environment } = frame.host;
  const sending = connectOptions(program.command('send <topic> [body]'), environment)
    .description('send a message; without a body, one for each line of standard input')
    .option('--body-file <file>', 'take the body from a file')
    .option('--tag <tag>', 'its tag')
    .option('--key <key>', 'its key')
    .option('--property <name=value>', 'a property of your own; may be repeated', repeated)
    .option('--broker <name>', 'only to this broker')
    .option('--queue <id>', 'only to this queue', wholeNumber(0))
    .option('--count <count>', 'send it this many times', wholeNumber(1))
    .addHelpText('after', examples(['kitemq send orders "hello"', 'kitemq send orders "hello" --tag eu --key 42', 'cat lines.txt | kitemq send orders']));
  runs<SendFlags>(sending, frame, (session, flags, [topic = '', body]) => send(session, { ...flags, topic, body }));

  const consuming = connectOptions(program.command('consume <topic>'), environment)
    .description('print messages; without a group nothing is committed and nobody notices')
    .option('-g, --group <group>', 'be a member of this group: what is printed is acknowledged')
    .option('--tag <expression>', 'only these tags: "a || b"')
    .option('--from <point>', 'first, last, a date or milliseconds; with a group only where it has no offset yet')
    .option('--count <count>', 'end after this many messages', wholeNumber(1))
    .option('--follow', 'wait for more at the end')
    .option('--broker <name>', 'only from this broker')
    .option('--queue <id>', 'only from this queue', wholeNumber(0))
    .option('--offset <offset>', 'begin at this offset of each queue', wholeNumber(0))
    .addHelpText('after', examples(['kitemq consume orders', 'kitemq consume orders --follow --from last', 'kitemq consume orders -g billing --count 10 --json']));
  runs<ConsumeFlags>(consuming, frame, (session, flags, [topic = '']) => consume(session, { ...flags, topic }));

  const message = program.command('message').description('find single messages');
  const query = connectOptions(message.command('query'), environment)
    .description('find messages by key, tag, id or place; the newest are shown, oldest of them first')
    .option('-t, --topic <topic>', 'the topic; only --offset-id goes without')
    .option('-k, --key <key>', 'messages with this key, one word of their KEYS')
    .option('--tag <tag>', 'messages with this tag')
    .option('--unique-id <id>', 'messages with this id, the one that clients show')
    .option('--offset-id <id>', 'the message with this id, which names a broker and a place in its log')
    .option('--queue <id>', 'with --offset: the message at this place of a queue', wholeNumber(0))
    .option('--offset <offset>', 'with --queue', wholeNumber(0))
    .option('--broker <name>', 'with --queue: only on this broker')
    .option('--since <time>', 'stored at or after: a date or milliseconds')
    .option('--until <time>', 'stored at or before')
    .option('--count <count>', 'at most so many (default 32, brokers give 64)', wholeNumber(1))
    .addHelpText('after', examples([
      'kitemq message query --topic orders --key 42',
      'kitemq message query --topic orders --key 42 --since 2026-11-20T10:00:00Z --json',
      'kitemq message query --topic orders --unique-id 7F0000010001000000000000000000AA',
      'kitemq message query --offset-id 7F00000100002A9F0000000000001234',
      'kitemq message query --topic orders --queue 0 --offset 17',
    ]));
  runs<MessageQuery>(query, frame, (session, flags) => queryMessages(session, flags));
}
