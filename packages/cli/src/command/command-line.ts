import { KiteError } from '@kitemq/runtime';
import { Argument, Command, CommanderError } from 'commander';
import { ExitCode } from '../services/exit-code.ts';
import { failureOf } from '../services/failure-sentence.ts';
import { type ProcessHost, thisProcess } from '../services/process-host.ts';
import { version } from '../version.ts';
import { addClusterCommands } from './cluster-commands.ts';
import { examples, type Frame, withAdvice } from './command-frame.ts';
import { completionScript, type Shell, shells } from './completion.ts';
import { addMessageCommands } from './message-commands.ts';
import { addMqadminCommands } from './mqadmin-commands.ts';
import type { ConnectFlags } from './session.ts';
import type { StoreWork } from '../work/store-work.ts';
import { addStoreCommands } from './store-commands.ts';
import { addTopicCommands } from './topic-commands.ts';

export type RunService = (argv: readonly string[], host?: ProcessHost) => Promise<number>;

/** How the services are started: loaded when asked for, or there already in a bundle. */
export interface ServiceRunners {
  readonly nameserver: RunService;
  readonly broker: RunService;
  readonly standalone: RunService;
  /** What `kitemq store …` needs. */
  readonly store?: () => Promise<StoreWork>;
}

const serviceSummaries: ReadonlyArray<readonly [name: 'nameserver' | 'broker' | 'standalone', summary: string]> = [
  ['nameserver', 'run a nameserver'],
  ['broker', 'run a broker'],
  ['standalone', 'run a nameserver and a broker in one process'],
];

/** The whole command tree; `frame.exitCode` is set by what runs. */
export function kitemqProgram(frame: Frame): Command {
  const { host } = frame;
  const program = new Command('kitemq')
    .description("KiteMQ: a message broker that speaks Apache RocketMQ's protocols")
    .addHelpText('after', `${examples(['kitemq standalone --data ./data', 'kitemq topic create orders', 'kitemq send orders "hello"', 'kitemq consume orders --follow'])}\n\nApache's mqadmin names work too: kitemq topicList -n 127.0.0.1:9876`)
    .version(version(), '-V, --version', 'print the version')
    .showSuggestionAfterError(true);
  for (const [name, summary] of serviceSummaries) program.command(name).description(summary).allowUnknownOption();
  addTopicCommands(program, frame);
  addClusterCommands(program, frame);
  addMessageCommands(program, frame);
  addStoreCommands(program, frame);
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .addHelpText('after', examples(['source <(kitemq completion bash)', 'kitemq completion fish | source']))
    .action((shell: Shell) => void host.stdout.write(completionScript(program, shell)));
  addMqadminCommands(program, frame);
  return program;
}

function prepare(command: Command, host: ProcessHost): void {
  command.exitOverride().configureOutput({ writeOut: (text) => void host.stdout.write(text), writeErr: () => {} });
  for (const sub of command.commands) prepare(sub, host);
}

/** What the failed command was told, as far as it can be known. */
function flagsIn(argv: readonly string[], host: ProcessHost): Partial<ConnectFlags> {
  const at = argv.findIndex((word) => word === '-n' || word === '--nameserver');
  const nameserver = (at === -1 ? undefined : argv[at + 1]) ?? host.environment['KITEMQ_NAMESERVER'] ?? host.environment['NAMESRV_ADDR'];
  return { json: argv.includes('--json'), ...(nameserver === undefined ? {} : { nameserver }) };
}

function reportFailure(error: unknown, argv: readonly string[], host: ProcessHost): number {
  const flags = flagsIn(argv, host);
  const exitCode = failureOf(error).exitCode;
  const sentence = KiteError.is(error) ? withAdvice(error, flags) : failureOf(error).sentence;
  const code = KiteError.is(error) ? error.code : 'KITE_FAILED';
  host.stderr.write(flags.json === true ? `${JSON.stringify({ error: { code, message: sentence } })}\n` : `kitemq: ${sentence}\n`);
  return exitCode;
}

function reportUsage(error: CommanderError, host: ProcessHost): number {
  if (error.exitCode === 0) return ExitCode.ok;
  // Help that was printed because a command was missing.
  if (error.code === 'commander.help') return ExitCode.usage;
  host.stderr.write(`kitemq: ${error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')}; see kitemq --help\n`);
  return ExitCode.usage;
}

/** Runs the `kitemq` command line. Resolves to the exit code; never rejects. */
export async function runCommandLine(services: ServiceRunners, argv: readonly string[], host: ProcessHost = thisProcess()): Promise<number> {
  const service = serviceSummaries.find(([name]) => name === argv[0])?.[0];
  try {
    if (service !== undefined) return await services[service](argv.slice(1), host);
    const frame: Frame = { host, exitCode: 0, store: services.store };
    const program = kitemqProgram(frame);
    prepare(program, host);
    if (argv.length === 0) {
      host.stdout.write(program.helpInformation());
      return ExitCode.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return frame.exitCode;
  } catch (error) {
    return error instanceof CommanderError ? reportUsage(error, host) : reportFailure(error, argv, host);
  }
}
