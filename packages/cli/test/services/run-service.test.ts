import { KiteError } from '@kitemq/runtime';
import { describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { settingsOf } from '../../src/config/setting.ts';
import { runService } from '../../src/services/run-service.ts';
import type { RunningService, ServiceContext, ServiceDefinition } from '../../src/services/service-definition.ts';
import { type RecordingHost, recordingHost } from '../support/recording-host.ts';

const settings = settingsOf(z.object({ listenPort: z.number().int().min(0).max(9).default(1).meta({ description: 'A port.' }) }));

function definition(start: (context: ServiceContext) => Promise<RunningService>): ServiceDefinition {
  return { name: 'demo', summary: 'A demo.', examples: ['demo'], ignored: {}, settings: () => settings, addFlags: () => {}, flagEntries: () => [], start };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 2 });
const quiet = { shutdown: async () => {} };

interface Brittle extends RecordingHost {
  /** As if an error had reached the top. */
  breakWith(error: unknown): void;
}

function brittleHost(environment?: Record<string, string>): Brittle {
  const callbacks = new Set<(error: unknown) => void>();
  const host = recordingHost(environment) as Brittle;
  return Object.assign(host, {
    onUncaught(callback: (error: unknown) => void) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    breakWith(error: unknown) {
      for (const callback of callbacks) callback(error);
    },
  });
}

describe('runService', () => {
  it('starts with the settings, says ready, and stops on the first signal', async () => {
    const host = recordingHost({ KITEMQ_LISTEN_PORT: '7' });
    let stopped = 0;
    const running = runService(definition(async ({ config }) => ({ ready: `demo on ${String(config.values['listenPort'])}`, banner: 'welcome\n', shutdown: async () => void stopped++ })), [], host);
    await until(() => expect(host.out).toBe('ready demo on 7\nwelcome\n'));
    host.signal('SIGTERM');
    expect(await running).toBe(0);
    expect(stopped).toBe(1);
  });

  it('ends at once on a second signal', async () => {
    const host = recordingHost();
    void runService(definition(async () => ({ ready: 'x', shutdown: () => new Promise<void>(() => {}) })), [], host);
    await until(() => expect(host.out).toContain('ready'));
    host.signal('SIGINT');
    expect(host.exits).toEqual([]);
    host.signal('SIGINT');
    expect(host.exits).toEqual([3]);
    expect(host.err).toContain('a second SIGINT: ending at once');
  });

  it('finishes its start before it stops when the signal comes early, without saying ready', async () => {
    const host = recordingHost();
    let finish: (service: RunningService) => void = () => {};
    const running = runService(definition(() => new Promise((resolve) => (finish = resolve))), [], host);
    await until(() => expect(finish).not.toBeUndefined());
    host.signal('SIGTERM');
    finish({ ready: 'x', ...quiet });
    expect(await running).toBe(0);
    expect(host.out).toBe('');
  });

  it('ends its start when the signal comes and it can, with status 0', async () => {
    const host = recordingHost();
    const start = ({ stopping }: ServiceContext): Promise<RunningService> =>
      new Promise((_resolve, reject) => stopping.addEventListener('abort', () => reject(new KiteError('KITE_STORE_UNAVAILABLE', 'stopped while it started'))));
    const running = runService(definition(start), ['--log-level', 'error'], host);
    host.signal('SIGTERM');
    expect([await running, host.out, host.err]).toEqual([0, '', '']);
  });

  it('says in one sentence why it did not start', async () => {
    const host = recordingHost();
    const code = await runService(definition(() => Promise.reject(new KiteError('KITE_X', 'the thing is broken: mend it'))), [], host);
    expect([code, host.err, host.out]).toEqual([1, 'kitemq demo: the thing is broken: mend it\n', '']);
  });

  it('says in one sentence that the stop failed', async () => {
    const host = recordingHost();
    const running = runService(definition(async () => ({ ready: 'x', shutdown: () => Promise.reject(new Error('could not flush')) })), [], host);
    await until(() => expect(host.out).toContain('ready'));
    host.signal('SIGTERM');
    expect(await running).toBe(1);
    expect(host.err).toContain('kitemq demo: could not flush\n');
  });

  it('logs an error nobody caught, writes what it has, and ends with 1', async () => {
    const host = brittleHost();
    let stopped = 0;
    const running = runService(definition(async () => ({ ready: 'x', shutdown: async () => void stopped++ })), [], host);
    await until(() => expect(host.out).toContain('ready'));
    host.breakWith(new Error('a bug'));
    expect(await running).toBe(1);
    expect(stopped).toBe(1);
    expect(JSON.parse(host.err.split('\n')[0] ?? '')).toMatchObject({ level: 50, err: { message: 'a bug' } });
  });

  it('ends on an error nobody caught during the start', async () => {
    const host = brittleHost();
    const running = runService(definition(() => new Promise(() => {})), [], host);
    host.breakWith(new Error('early bug'));
    expect(await running).toBe(1);
    expect(host.err).toContain('early bug');
  });

  it('lists help without starting', async () => {
    const host = recordingHost();
    expect(await runService(definition(() => Promise.reject(new Error('started'))), ['--help'], host)).toBe(0);
    expect(host.out).toContain('listenPort=1  [a whole number from 0 to 9]');
    expect(host.err).toBe('');
  });
});
