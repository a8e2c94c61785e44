import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { openStore } from '@kitemq/store';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommandLine } from '../../src/command/command-line.ts';
import { runKitemq } from '../../src/command/kitemq.ts';
import { recordingHost } from '../support/recording-host.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kitemq-cli-store-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function kitemq(...argv: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const host = recordingHost({});
  const code = await runKitemq(argv, host);
  return { code, out: host.out, err: host.err };
}

/** A store with a topic and messages in it. */
async function filledStore(): Promise<string> {
  const path = join(folder(), 'data');
  const store = openStore({ runtime: nodeRuntime({ logger: silentLogger }), path, storeHost: { address: '127.0.0.1', port: 10911 }, segmentBytes: 1_048_576 });
  await store.start();
  await store.settings.put('topic', 'Moved', { topicName: 'Moved', readQueueNums: 1, writeQueueNums: 1 });
  const stored = Array.from({ length: 5 }, (_, index) => new Promise<void>((resolve) => {
    const message = {
      topic: 'Moved', queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 1, bornHost: Buffer.alloc(8), reconsumeTimes: 0, preparedTransactionOffset: 0,
      body: Buffer.from(`message ${index}`), properties: Buffer.alloc(0), tagsCode: 0,
    };
    store.append(message, { physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, waitForFlush: true, appended: () => resolve() });
  }));
  await Promise.all(stored);
  await store.shutdown();
  return path;
}

describe('store export and store import', () => {
  it('bring a store to Apache and back, and say what they did', async () => {
    const data = await filledStore();
    const apache = join(folder(), 'apache');
    const exported = await kitemq('store', 'export', data, '--apache', apache);
    expect(exported).toMatchObject({ code: 0 });
    expect(exported.out).toContain(`mappedFileSizeCommitLog=1048576`);
    const back = join(folder(), 'back');
    const imported = await kitemq('store', 'import', apache, '--data', back, '--link');
    expect(imported.code).toBe(0);
    expect(imported.out).toMatch(/^Imported .+ into .+\.\n {2}\d+ messages in \d+ queues/);
    expect(imported.out).toContain('note: its files have 1048576 bytes');
    expect(imported.out).toContain(`broker --data ${back}`);
    const json = await kitemq('store', 'import', apache, '--data', join(folder(), 'again'), '--json');
    expect(json).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ how: 'copied', segments: 1, carried: { topics: expect.any(Number) } });
  });

  it('refuse in one sentence that says what to do', async () => {
    const empty = folder();
    const target = join(folder(), 'new');
    const refused = await kitemq('store', 'import', empty, '--data', target);
    expect(refused).toEqual({ code: 1, out: '', err: `kitemq: There is nothing in ${empty}; give Apache's storePathRootDir, the directory that has commitlog/ and config/ in it\n` });
    expect(existsSync(target)).toBe(false);
    writeFileSync(join(empty, 'file'), '');
    const json = await kitemq('store', 'export', empty, '--apache', target, '--json');
    expect(json.code).toBe(1);
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'KITE_EXPORT_SOURCE' } });
    expect(await kitemq('store', 'import', empty, '--data', target, '--link', '--copy')).toMatchObject({ code: 2, err: 'kitemq: --link and --copy exclude each other\n' });
    expect((await kitemq('store', 'import', empty)).code).toBe(2);
  });

  it('can be stopped, and say how to go on', async () => {
    const data = await filledStore();
    const apache = join(folder(), 'apache');
    expect((await kitemq('store', 'export', data, '--apache', apache)).code).toBe(0);
    const host = recordingHost({});
    const target = join(folder(), 'new');
    const running = runKitemq(['store', 'import', apache, '--data', target], host);
    // Ctrl-C, as soon as the command listens for it.
    const until = Date.now() + 20_000;
    while (!existsSync(join(target, 'import-in-progress')) && Date.now() < until) await new Promise((resolve) => setImmediate(resolve));
    host.signal('SIGINT');
    expect({ code: await running, err: host.err }).toEqual({ code: 1, err: 'kitemq: stopped; give the same command again, and it goes on\n' });
    expect((await kitemq('store', 'import', apache, '--data', target)).code).toBe(0);
  });

  it('are not in a program that has no store', async () => {
    const host = recordingHost({});
    const none = (): Promise<number> => Promise.resolve(0);
    expect(await runCommandLine({ nameserver: none, broker: none, standalone: none }, ['store', 'import', 'a', '--data', 'b'], host)).toBe(2);
    expect(host.err).toContain('cannot work on stores');
  });
});
