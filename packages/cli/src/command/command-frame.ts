import { KiteError, nodeRuntime } from '@kitemq/runtime';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ProcessHost } from '../services/process-host.ts';
import type { StoreWork } from '../work/store-work.ts';
import { type ConnectFlags, Session } from './session.ts';

const nameserverDefault = '127.0.0.1:9876';
const timeoutDefaultMs = 5000;

/** What a run of the program shares with its commands. */
export interface Frame {
  readonly host: ProcessHost;
  /** Set by the command that ran; 0 when none did. */
  exitCode: number;
  /** Loads what works on stores; undefined in programs that have no store. */
  readonly store?: (() => Promise<StoreWork>) | undefined;
}

/** @throws KiteError `KITE_USAGE` in a program without a store */
export function storeWorkOf({ store }: Frame): Promise<StoreWork> {
  if (store === undefined) throw new KiteError('KITE_USAGE', 'this program cannot work on stores: use the kitemq command, or the broker');
  return store();
}

/** Parser of whole numbers for commander. */
export function wholeNumber(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`it must be a whole number ${maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`}.`);
  };
}

/** Collects a flag that may be repeated. */
export function repeated(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** `-n`, `--json`, `--timeout`: on every command that talks to a cluster. */
export function connectOptions(command: Command, environment: Readonly<Record<string, string | undefined>>): Command {
  const fromEnvironment = environment['KITEMQ_NAMESERVER'] || environment['NAMESRV_ADDR'];
  return command
    .addOption(
      new Option('-n, --nameserver <host:port>', 'nameservers, several joined by ; (also KITEMQ_NAMESERVER, NAMESRV_ADDR)')
        .default(fromEnvironment || nameserverDefault),
    )
    .option('--json', 'print JSON')
    .addOption(new Option('--timeout <ms>', 'give up a call after this time').argParser(wholeNumber(1)).default(timeoutDefaultMs));
}

export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** The work of a command. `flags` has its options, `args` its arguments. Answers the exit code, nothing for 0. */
export type CommandWork<F> = (session: Session, flags: F & ConnectFlags, args: readonly string[]) => Promise<number | void>;

/** Binds work to a command: opens the client, runs, closes it whatever happens. Ctrl-C aborts the work. */
export function runs<F>(command: Command, frame: Frame, work: CommandWork<F>): Command {
  return command.action(async () => {
    const flags = command.opts() as unknown as F & ConnectFlags;
    const stopping = new AbortController();
    const release = frame.host.onStopSignal(() => {
      if (stopping.signal.aborted) frame.host.exit(1);
      stopping.abort();
    });
    const session = new Session(flags, nodeRuntime(), frame.host, stopping.signal);
    try {
      frame.exitCode = (await work(session, flags, command.args)) ?? 0;
    } finally {
      release();
      await session.client.close();
    }
  });
}

const unreachable = ['KITE_NAMESERVER_UNREACHABLE', 'KITE_CONNECT_FAILED', 'KITE_CONNECT_TIMEOUT'];

function adviceOn(error: unknown, nameserver: string): string | undefined {
  if (unreachable.some((code) => KiteError.is(error, code))) return `Give the nameserver's address with -n HOST:PORT, or see what is wrong: kitemq doctor -n ${nameserver}`;
  return KiteError.is(error, 'KITE_TOPIC_NOT_FOUND') ? `See the topics with: kitemq topic list -n ${nameserver}` : undefined;
}

/** A failed call with the advice that fits where the command line could be at fault. */
export function withAdvice(error: unknown, flags: Partial<ConnectFlags> | undefined): string {
  const message = error instanceof Error ? error.message : String(error);
  const nameserver = flags?.nameserver ?? nameserverDefault;
  const advice = adviceOn(error, nameserver);
  if (advice === undefined) return message;
  return `${message}${/[.?!]$/.test(message) ? '' : '.'} ${advice}`;
}
