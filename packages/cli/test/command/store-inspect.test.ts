import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { nodeRuntime, silentLogger } from '@kitemq/runtime';
import { AppendOutcome, AppendStatus, LogStore } from '@kitemq/store';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runKitemq } from '../../src/index.ts';
import { recordingHost } from '../support/recording-host.ts';

let path: string;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'kitemq-cli-store-'));
  await fill(path, ['one', 'two', 'three']);
});

async function fill(folder: string, bodies: readonly string[]): Promise<void> {
  const store = new LogStore({ runtime: nodeRuntime({ logger: silentLogger }), path: folder, storeHost: { address: '127.0.0.1', port: 10911 }, segmentBytes: 64 * 1024 });
  await store.start();
  for (const body of bodies) await append(store, body);
  await store.shutdown();
}

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

describe('of a broker with shards', () => {
  let second: string;

  beforeEach(async () => {
    second = join(path, 'shards', '1');
    await fill(second, ['four', 'five']);
  });

  it('store verify looks into all, and finds what is wrong in any', async () => {
    const good = await run('store', 'verify', path);
    expect(good).toMatchObject({ status: 0, err: '' });
    expect(good.out).toMatch(new RegExp(`^shard 0: ${path}\n[^]*3 records\n[^]*ok\n\nshard 1: ${second}\n[^]*2 records\n[^]*ok\n\n2 shards: ok\n$`));
    const file = join(second, 'commitlog', '0'.repeat(20));
    const log = readFileSync(file);
    log[log.indexOf('four')] = 0x54;
    writeFileSync(file, log);
    const bad = await run('store', 'verify', path);
    expect(bad.status).toBe(1);
    expect(bad.out).toMatch(/2 shards: \d+ problems\n$/);
    const json = await run('store', 'verify', path, '--json');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, shards: [{ shard: 0, path, ok: true }, { shard: 1, path: second, ok: false }] });
    expect(JSON.parse((await run('store', 'verify', path, '--shard', '0', '--json')).out)).toMatchObject({ path, ok: true });
    expect((await run('store', 'verify', second)).status).toBe(1);
    expect(await run('store', 'verify', path, '--shard', '2')).toMatchObject({ status: 2, err: expect.stringContaining('has no shard 2, but 0, 1') });
  });

  it('store stat shows all', async () => {
    const { out } = await run('store', 'stat', path);
    expect(out).toMatch(new RegExp(`^shard 0: ${path}\n[^]*orders +1 +3\n[^]*shard 1: ${second}\n[^]*orders +1 +2\n`));
    expect(JSON.parse((await run('store', 'stat', path, '--json')).out)).toMatchObject({ shards: [{ shard: 0, topics: [{ messages: 3 }] }, { shard: 1, path: second, topics: [{ messages: 2 }] }] });
  });

  it('store dump prints the records of all, so many at most', async () => {
    const { out } = await run('store', 'dump', path, '--topic', 'orders');
    expect(out.trimEnd().split('\n')).toMatchObject([`shard 0: ${path}`, /"one"/, /"two"/, /"three"/, `shard 1: ${second}`, /"four"/, /"five"/].map((line) => (typeof line === 'string' ? line : expect.stringMatching(line))));
    const json = await run('store', 'dump', path, '--topic', 'orders', '--json', '--limit', '4');
    expect(json.out.trimEnd().split('\n').map((line) => JSON.parse(line) as { shard: number; body: string }).map(({ shard, body }) => `${shard} ${body}`)).toEqual(['0 one', '0 two', '0 three', '1 four']);
  });

  it('store rebuild makes the views of all', async () => {
    for (const store of [path, second]) rmSync(join(store, 'views'), { recursive: true });
    const { status, out } = await run('store', 'rebuild', path);
    expect(status).toBe(0);
    expect(out).toMatch(new RegExp(`^shard 0: ${path}\nviews made again .* 3 records.*\n\nshard 1: ${second}\nviews made again .* 2 records`));
    expect((await run('store', 'verify', path)).out).toMatch(/2 queues|2 shards: ok/);
    expect(JSON.parse((await run('store', 'rebuild', path, '--json')).out)).toMatchObject({ shards: [{ shard: 0, replayedRecords: 3 }, { shard: 1, path: second, replayedRecords: 2 }] });
  });

  it('store export refuses all at once, and writes one', async () => {
    const target = join(path, '..', `${basename(path)}-apache`);
    onTestFinished(() => rmSync(target, { recursive: true, force: true }));
    const refused = await run('store', 'export', path, '--apache', target);
    expect(refused).toMatchObject({ status: 1, out: '' });
    expect(refused.err).toContain(`further shards have stores of their own in ${second}. Apache's broker has one store: export each shard (--shard 0, --shard 1) into a directory of its own`);
    expect(existsSync(target)).toBe(false);
    expect(await run('store', 'export', path, '--shard', '1', '--apache', target, '--json').then(({ out }) => JSON.parse(out) as object)).toMatchObject({ source: second, records: expect.any(Number) });
  });
});
