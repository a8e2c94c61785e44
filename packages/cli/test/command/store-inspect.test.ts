import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { AppendOutcome, AppendStatus, LogStore } from '@kitemq/store';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runKitemq } from '../../src/index.ts';
import { recordingHost } from '../support/recording-host.ts';

let path: string;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'kitemq-cli-store-'));
  const store = new LogStore({ runtime: nodeRuntime({ logger: silentLogger }), path, storeHost: { address: '127.0.0.1', port: 10911 }, segmentBytes: 64 * 1024 });
  await store.start();
  for (const body of ['one', 'two', 'three']) await append(store, body);
  await store.shutdown();
});

afterEach(() => rmSync(path, { recursive: true, force: true }));

function append(store: LogStore, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const status = store.append(
      {
        topic: 'orders', queueId: 0, flag: 0, sysFlag: 0, bornTimestamp: 0, bornHost: Buffer.from([127, 0, 0, 1, 0, 0, 0, 1]), reconsumeTimes: 0,
        preparedTransactionOffset: 0, body: Buffer.from(body), properties: Buffer.from('TAGS\u0001eu\u0002'), tagsCode: 3248,
      },
      {
        physicalOffset: 0, queueOffset: 0, storeTimestamp: 0, physicalOffsets: undefined, waitForFlush: true,
        appended: (outcome) => (outcome === AppendOutcome.stored ? resolve() : reject(new Error(`outcome ${outcome}`))),
      },
    );
    if (status !== AppendStatus.accepted) reject(new Error(`refused: ${status}`));
  });
}

async function run(...argv: string[]): Promise<{ status: number; out: string; err: string }> {
  const host = recordingHost();
  const status = await runKitemq(argv, host);
  return { status, out: host.out, err: host.err };
}

it('store verify says ok, or what is wrong with status 1', async () => {
  const good = await run('store', 'verify', path);
  expect(good).toMatchObject({ status: 0, err: '' });
  expect(good.out).toMatch(/3 records\n.*1 queues with 3 entries agree with the log[^]*ok\n$/);
  const file = join(path, 'commitlog', '0'.repeat(20));
  const log = readFileSync(file);
  log[log.indexOf('two')] = 0x54;
  writeFileSync(file, log);
  const bad = await run('store', 'verify', path);
  expect(bad.status).toBe(1);
  expect(bad.out).toContain('WRONG  the log has no valid records from');
  const json = JSON.parse((await run('store', 'verify', path, '--json')).out) as { ok: boolean; problems: { kind: string }[] };
  expect(json.ok).toBe(false);
  expect(json.problems.map(({ kind }) => kind)).toContain('hole');
});

it('store stat shows what is there', async () => {
  const { status, out } = await run('store', 'stat', path);
  expect(status).toBe(0);
  expect(out).toMatch(/: stopped\n/);
  expect(out).toMatch(/orders +1 +3\n/);
  expect((await run('store', 'stat', path, '--queues')).out).toMatch(/orders +0 +0 +3 +3\n/);
  expect(JSON.parse((await run('store', 'stat', path, '--json')).out)).toMatchObject({ topics: [{ topic: 'orders', messages: 3 }] });
});

it('store dump prints a line per record', async () => {
  const { status, out } = await run('store', 'dump', path, '--topic', 'orders', '--offset', '1');
  expect(status).toBe(0);
  expect(out.trimEnd().split('\n')).toMatchObject([expect.stringMatching(/orders\/0\/1 +3 bytes +TAGS=eu +"two"$/), expect.stringMatching(/orders\/0\/2 +5 bytes/)]);
  const [first] = (await run('store', 'dump', path, '--json', '--limit', '1', '--body', 'hex')).out.split('\n');
  expect(JSON.parse(first ?? '')).toMatchObject({ position: 0, topic: 'orders', body: '6f6e65', bodyForm: 'hex', properties: { TAGS: 'eu' } });
  expect(await run('store', 'dump', path, '--after', 'yesterday')).toMatchObject({ status: 2, out: '' });
});

it('store rebuild makes the views again', async () => {
  rmSync(join(path, 'views'), { recursive: true });
  const { status, out } = await run('store', 'rebuild', path);
  expect(status).toBe(0);
  expect(out).toMatch(/views made again from .*, 3 records/);
  expect(await run('store', 'verify', path)).toMatchObject({ status: 0 });
});

it('a folder without a store is said to be one', async () => {
  for (const command of ['verify', 'stat', 'dump', 'rebuild']) {
    const { status, err } = await run('store', command, join(path, 'nothing'));
    expect(status).toBe(1);
    expect(err).toMatch(/^kitemq: There is no store in .*nothing/);
  }
});
