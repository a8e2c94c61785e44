import { basename, relative } from 'node:path';
import type { LogTarget } from '../logging/create-logger.ts';

/** The process around a service, so that tests can stand in for it. */
export interface ProcessHost {
  /** How a person calls this program again: `npx kitemq`, `node apps/standalone/dist/standalone.mjs`. */
  readonly commandName: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: LogTarget;
  readonly stderr: LogTarget;
  /** Calls back for each signal that asks the process to end. Returns how to stop listening. */
  onStopSignal(callback: (signal: string) => void): () => void;
  /** Calls back for an error nobody caught. Returns how to stop listening. */
  onUncaught(callback: (error: unknown) => void): () => void;
  /** Ends the process now. */
  exit(code: number): void;
}

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function commandName(): string {
  const program = process.argv[1] ?? 'kitemq';
  if (!program.endsWith('.mjs') || basename(program) === 'kitemq.mjs') return 'npx kitemq';
  return `node ${relative(process.cwd(), program)}`;
}

/** This process. Writing to a closed pipe is not an error worth dying of. */
export function thisProcess(): ProcessHost {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    commandName: commandName(),
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    onStopSignal(callback) {
      for (const signal of stopSignals) process.on(signal, callback);
      return () => {
        for (const signal of stopSignals) process.off(signal, callback);
      };
    },
    onUncaught(callback) {
      process.on('uncaughtException', callback);
      process.on('unhandledRejection', callback);
      return () => {
        process.off('uncaughtException', callback);
        process.off('unhandledRejection', callback);
      };
    },
    exit(code) {
      process.exit(code);
    },
  };
}
