import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { KiteError } from '@kitemq/runtime';
import { settingsHelp } from '../config/settings-help.ts';
import { logFormats, logLevels } from '../logging/create-logger.ts';
import { version } from '../version.ts';
import type { ServiceDefinition } from './service-definition.ts';

function collect(value: string, previous: readonly string[] | undefined): string[] {
  if (value.indexOf('=') <= 0) throw new InvalidArgumentError('it must be key=value.');
  return [...(previous ?? []), value];
}

/** The command line of a service: the common flags, its own, and help that lists every setting. */
export function serviceCommand(definition: ServiceDefinition, programName: string): Command {
  const command = new Command(programName).description(definition.summary).version(version(), '-V, --version', 'print the version').allowExcessArguments(false).exitOverride();
  definition.addFlags(command);
  command
    .option('-c, --config <file>', "read settings from a file of Apache's property format (broker.conf, namesrv.conf)")
    .option('--set <key=value>', 'set one setting; may be repeated; stronger than file and environment', collect)
    .option('-p, --print-config', 'print the effective configuration and where each value came from, then exit')
    .option('--json', 'with --print-config: as JSON')
    .addOption(new Option('--log-level <level>', 'least important log lines shown').choices(logLevels).env('KITEMQ_LOG_LEVEL'))
    .addOption(new Option('--log-format <format>', 'auto: text on a terminal, JSON lines otherwise').choices(logFormats).env('KITEMQ_LOG_FORMAT').default('auto'))
    .addHelpText('after', () => `\n${settingsHelp(definition.settings())}\n\nExamples:\n${definition.examples.map((line) => `  $ ${line}`).join('\n')}`);
  return command;
}

export interface ParsedFlags {
  readonly flags: Readonly<Record<string, unknown>>;
  /** Set when help or the version was asked for and printed. */
  readonly done: boolean;
}

/** @throws KiteError `KITE_USAGE` with commander's sentence, which names the flag. */
export function parseFlags(command: Command, argv: readonly string[], write: (text: string) => void): ParsedFlags {
  command.configureOutput({ writeOut: write, writeErr: () => {} });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { flags: {}, done: true };
    const message = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
    throw new KiteError('KITE_USAGE', `${message}; see ${command.name()} --help`, { cause: error });
  }
  return { flags: command.opts(), done: false };
}
