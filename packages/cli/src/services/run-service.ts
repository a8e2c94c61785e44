import { type Logger, nodeRuntime, type Runtime, sleep } from '@kitemq/runtime';
import { resolve } from 'node:path';
import { environmentEntries, type ConfigEntry, setEntry } from '../config/config-source.ts';
import { loadConfig, type LoadedConfig } from '../config/load-config.ts';
import { configAsJson, printConfig } from '../config/print-config.ts';
import { readConfigFile } from '../config/read-config-file.ts';
import { createLogger, type LogFormat, type LogLevel } from '../logging/create-logger.ts';
import { ExitCode } from './exit-code.ts';
import { failureOf } from './failure-sentence.ts';
import { type ProcessHost, thisProcess } from './process-host.ts';
import { parseFlags, serviceCommand } from './service-command.ts';
import type { RunningService, ServiceDefinition } from './service-definition.ts';

/** `kitemq broker`, or how the bundle was called. */
function programName(definition: ServiceDefinition, host: ProcessHost): string {
  return host.commandName.endsWith('.mjs') ? host.commandName : `kitemq ${definition.name}`;
}

/** File, then environment, then flags: the later is the stronger. */
function gatherEntries(definition: ServiceDefinition, flags: Readonly<Record<string, unknown>>, host: ProcessHost): ConfigEntry[] {
  const settings = definition.settings();
  const file = flags['config'] as string | undefined;
  const assignments = (flags['set'] as readonly string[] | undefined) ?? [];
  return [
    ...(file === undefined ? [] : readConfigFile(nodeRuntime().disk, resolve(file), file)),
    ...environmentEntries(host.environment, settings.keys()),
    ...definition.flagEntries(flags),
    ...assignments.map((assignment) => setEntry(assignment)).filter((entry) => entry !== undefined),
  ];
}

function print(definition: ServiceDefinition, config: LoadedConfig, asJson: boolean): string {
  const settings = definition.settings();
  return asJson ? `${JSON.stringify(configAsJson(settings, config), undefined, 2)}\n` : printConfig(settings, config);
}

/** How long a process that met a bug may take to write what it accepted. */
const brokenStopMs = 5000;

async function shutdownAnyhow(service: RunningService, logger: Logger): Promise<void> {
  try {
    await service.shutdown();
  } catch (error) {
    logger.error({ err: error }, 'the stop after it failed too');
  }
}

/** Runs a started service until a signal or an uncaught error ends it; resolves to the exit code. */
function untilStopped(service: RunningService, stopAsked: Promise<string>, broken: Promise<unknown>, runtime: Runtime): Promise<number> {
  const { logger } = runtime;
  const stop = async (signal: string): Promise<number> => {
    logger.info({ signal }, 'stopping');
    await service.shutdown();
    logger.info({}, 'stopped');
    return ExitCode.ok;
  };
  const fail = async (bug: unknown): Promise<number> => {
    logger.error({ err: bug }, 'an error nobody caught: this is a bug in KiteMQ, please report it; the process ends');
    await Promise.race([shutdownAnyhow(service, logger), sleep(runtime.timers, brokenStopMs)]);
    return ExitCode.failed;
  };
  const endAfter = async (death: Error): Promise<number> => {
    logger.error({ err: death }, 'a part of the service died; the process ends');
    await Promise.race([shutdownAnyhow(service, logger), sleep(runtime.timers, brokenStopMs)]);
    // The sentence for a person comes where those of a failed start come.
    throw death;
  };
  return Promise.race([stopAsked.then(stop), broken.then(fail), ...(service.broken === undefined ? [] : [service.broken.then(endAfter)])]);
}

async function serve(definition: ServiceDefinition, config: LoadedConfig, flags: Readonly<Record<string, unknown>>, host: ProcessHost): Promise<number> {
  const format = flags['logFormat'] as LogFormat;
  const quietTerminal = definition.name === 'standalone' && host.stderr.isTTY === true && format !== 'json';
  const level = (flags['logLevel'] as LogLevel | undefined) ?? (quietTerminal ? 'warn' : 'info');
  const log = { level, format, terminal: host.stderr.isTTY === true, target: host.stderr };
  const logger = createLogger(log);
  for (const warning of config.warnings) logger.warn({ component: 'config' }, warning);
  let stopRequests = 0;
  const stopping = new AbortController();
  let askStop: (signal: string) => void = () => {};
  const stopAsked = new Promise<string>((settle) => (askStop = settle));
  let reportBroken: (error: unknown) => void = () => {};
  const broken = new Promise<unknown>((settle) => (reportBroken = settle));
  const releases = [
    host.onStopSignal((signal) => {
      if (stopRequests++ === 0) {
        stopping.abort();
        return askStop(signal);
      }
      host.stderr.write(`kitemq ${definition.name}: a second ${signal}: ending at once\n`);
      host.exit(ExitCode.forced);
    }),
    host.onUncaught(reportBroken),
  ];
  try {
    const runtime = nodeRuntime({ logger });
    const starting = definition.start({ runtime, logger, log, config, flags, stopping: stopping.signal, commandName: host.commandName });
    let service: RunningService;
    try {
      service = await Promise.race([starting, broken.then((error) => Promise.reject(error))]);
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
      logger.info({}, 'stopped while it was starting');
      return ExitCode.ok;
    }
    if (stopRequests === 0) host.stdout.write(`ready ${service.ready}\n${service.banner ?? ''}`);
    return await untilStopped(service, stopAsked, broken, runtime);
  } finally {
    for (const release of releases) release();
  }
}

/**
 * The whole life of a service process: flags, configuration, start, the `ready` line, clean stop on a signal.
 * Resolves to the exit code; never rejects. Failures are one sentence on standard error.
 */
export async function runService(definition: ServiceDefinition, argv: readonly string[], host: ProcessHost = thisProcess()): Promise<number> {
  try {
    const command = serviceCommand(definition, programName(definition, host));
    const { flags, done } = parseFlags(command, argv, (text) => void host.stdout.write(text));
    if (done) return ExitCode.ok;
    const config = loadConfig({ settings: definition.settings(), entries: gatherEntries(definition, flags, host), ignored: definition.ignored });
    if (flags['printConfig'] === true) {
      for (const warning of config.warnings) host.stderr.write(`warning: ${warning}\n`);
      host.stdout.write(print(definition, config, flags['json'] === true));
      return ExitCode.ok;
    }
    return await serve(definition, config, flags, host);
  } catch (error) {
    const failure = failureOf(error);
    host.stderr.write(`kitemq ${definition.name}: ${failure.sentence.replaceAll('\n', `\nkitemq ${definition.name}: `)}\n`);
    return failure.exitCode;
  }
}
