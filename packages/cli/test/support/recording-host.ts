import type { ProcessHost } from '../../src/services/process-host.ts';

export interface RecordingHost extends ProcessHost {
  out: string;
  err: string;
  exits: number[];
  /** As if the signal had come. */
  signal(name: string): void;
}

/** A process host that writes into strings. */
export function recordingHost(environment: Record<string, string> = {}): RecordingHost {
  const callbacks = new Set<(signal: string) => void>();
  const host: RecordingHost = {
    commandName: 'npx kitemq',
    environment,
    out: '',
    err: '',
    exits: [],
    stdout: { write: (text) => void (host.out += text) },
    stderr: { write: (text) => void (host.err += text) },
    onStopSignal(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    onUncaught: () => () => {},
    exit: (code) => void host.exits.push(code),
    signal(name) {
      for (const callback of callbacks) callback(name);
    },
  };
  return host;
}
