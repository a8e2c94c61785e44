import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@kitemq/client';
import { nodeRuntime } from '@kitemq/runtime';
import { Nameserver, nameserverSettings, type NameserverSettings } from '@kitemq/nameserver';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startBrokers } from '../../../src/services/shards/start-brokers.ts';
import { brokerSettingsOf } from '../../../src/services/broker.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { brokerService } from '../../../src/services/broker.ts';
import { bundleApp, type Program, run, temporaryDirectory } from '../../support/child-process.ts';

let app = '';
const nameserver = new Nameserver({ runtime: nodeRuntime(), settings: nameserverSettings.parse({ listenPort: 0 }) as unknown as NameserverSettings });
beforeAll(async () => {
  [app] = await Promise.all([bundleApp('broker'), nameserver.start()]);
});
afterAll(() => nameserver.shutdown());

const newClient = (): Client => new Client({ nameservers: nameserver.address });

const argumentsFor = (data: string, ...more: string[]): string[] => [
  ...[app, '--nameserver', nameserver.address, '--listen', '127.0.0.1:0', '--data', data, '--name', 'sharded'],
  ...['--set', 'fastPortEnable=false', ...more],
];
const start = (data: string, ...more: string[]): Program => run(argumentsFor(data, ...more));

/** Sends until each shard has stored one, and returns how many are on which. */
async function fill(client: Client, topic: string, brokers: number): Promise<Record<string, number>> {
  const producer = await client.producer();
  const counts: Record<string, number> = {};
  for (let index = 0; index < 16 * brokers; index++) {
    const { queue } = await producer.send({ topic, body: `m${index}` });
    counts[queue.brokerName] = (counts[queue.brokerName] ?? 0) + 1;
  }
  return counts;
}

async function countOf(client: Client, topic: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { brokerName, minOffset, maxOffset } of (await client.admin().topicStatus(topic)).queues) counts[brokerName] = (counts[brokerName] ?? 0) + maxOffset - minOffset;
  return counts;
}

const linesOf = (text: string): string[] => text.trim().split('\n').filter((line) => line !== '' && !line.startsWith('{'));

describe('a broker process with shards', () => {
  it('is several brokers with one ready line and one stop; a topic that a send makes is on all of them; nothing is lost over a restart', async () => {
    const data = temporaryDirectory();
    const first = start(data, '--shards', '2');
    expect(await first.ready()).toMatch(/^ready broker (127\.0\.0\.1:\d+) sharded data .* nameservers \S+ shards 2: \1 sharded, 127\.0\.0\.1:\d+ sharded-1$/);
    expect(first.stdout.match(/^ready/gm)).toHaveLength(1);
    let sent: Record<string, number>;
    {
      await using client = newClient();
      const producer = await client.producer();
      await producer.send({ topic: 'MadeBySend', body: 'x' });
      await vi.waitFor(async () => expect((await client.admin().topicRoute('MadeBySend')).queues.map(({ brokerName }) => brokerName).sort()).toEqual(['sharded', 'sharded-1']), { timeout: 20_000 });
      await client.admin().createTopic({ topic: 'OnAll', readQueues: 4, writeQueues: 4 }, { cluster: 'DefaultCluster' });
      sent = await fill(client, 'OnAll', 2);
      expect(Object.keys(sent).sort()).toEqual(['sharded', 'sharded-1']);
    }
    expect(await first.stop()).toBe(0);
    const second = start(data, '--shards', '2');
    await second.ready();
    {
      await using client = newClient();
      expect(await countOf(client, 'OnAll')).toEqual(sent);
    }
    expect(await second.stop()).toBe(0);
  });

  it('keeps what was stored without shards, and does not go back while a shard has data', async () => {
    const data = temporaryDirectory();
    const single = start(data);
    await single.ready();
    let stored: Record<string, number>;
    {
      await using client = newClient();
      await client.admin().createTopic({ topic: 'Before', readQueues: 2, writeQueues: 2 }, { brokerName: 'sharded' });
      stored = await fill(client, 'Before', 1);
    }
    expect(await single.stop()).toBe(0);
    const unused = start(data, '--shards', '2');
    await unused.ready();
    {
      await using client = newClient();
      expect(await countOf(client, 'Before')).toEqual(stored);
    }
    expect(await unused.stop()).toBe(0);
    // Shard 1 was never written to.
    const back = start(data);
    await back.ready();
    expect(await back.stop()).toBe(0);
    const two = start(data, '--shards', '2');
    await two.ready();
    {
      await using client = newClient();
      await client.admin().createTopic({ topic: 'OnShard1' }, { brokerName: 'sharded-1' });
    }
    expect(await two.stop()).toBe(0);
    const refused = start(data);
    expect(await refused.exited).toBe(2);
    expect(linesOf(refused.stderr)).toEqual([expect.stringMatching(/^kitemq broker: shard 1 has data in .*: start with --shards 2\./)]);
    const automatic = start(data, '--shards', 'auto');
    expect(await automatic.ready()).toContain('sharded-1');
    expect(await automatic.stop()).toBe(0);
  });

  it('does not start when one shard cannot, says which and why, and leaves the others closed', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const data = temporaryDirectory();
    const program = start(data, '--shards', '2', '--set', `shardPorts=${port}`);
    expect(await program.exited).toBe(1);
    expect(linesOf(program.stderr)).toEqual([`kitemq broker: shard 1 (sharded-1): 127.0.0.1:${port} is already in use: stop the process that has it, or choose another port`]);
    expect(program.stdout).toBe('');
    other.close();
    const next = start(data, '--shards', '2');
    await next.ready();
    expect(await next.stop()).toBe(0);
  });

  it.each([
    ['met an error nobody caught', "throw new Error('a bug in shard 1')", 'a bug in shard 1'],
    ['died', 'process.exit(7)', 'its thread ended by itself \\(7\\)'],
  ])('ends as a whole when a shard %s', async (what, deed, reason) => {
    const folder = mkdtempSync(join(tmpdir(), 'kitemq-shard-death-'));
    const preload = join(folder, 'preload.cjs');
    // Runs in each thread of the program before its own code; waits for a file.
    writeFileSync(
      preload,
      `const { isMainThread } = require('node:worker_threads');
      if (!isMainThread) setInterval(() => { if (require('node:fs').existsSync(${JSON.stringify(join(folder, 'now'))})) { ${deed}; } }, 20).unref();`,
    );
    try {
      const program = run(argumentsFor(temporaryDirectory(), '--shards', '2'), { env: { NODE_OPTIONS: `--require ${preload}` } });
      await program.ready();
      writeFileSync(join(folder, 'now'), '');
      expect(await program.exited).toBe(1);
      expect(linesOf(program.stderr)).toEqual([expect.stringMatching(new RegExp(`^kitemq broker: shard 1 \\(sharded-1\\) ${what}: ${reason}; the process ends with it`))]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('tags the log lines of each shard, in one stream', async () => {
    const program = start(temporaryDirectory(), '--shards', '2', '--set', 'namesrvAddr=127.0.0.1:1');
    await program.ready();
    expect(await program.stop()).toBe(0);
    const shards = program.stderr.split('\n').filter((line) => line.includes('cannot be told about this broker')).map((line) => (JSON.parse(line) as { shard: number }).shard);
    expect(shards.sort()).toEqual([0, 1]);
  });
});

describe('one shard', () => {
  it('is the broker as it is without: no thread, no folder of shards', async () => {
    const data = temporaryDirectory();
    const entries = Object.entries({ storePathRootDir: data, listenPort: '0', shards: '1' }).map(([key, text]) => ({ key, text, origin: 'test' }));
    const { values } = loadConfig({ settings: brokerService.settings(), entries, ignored: {} });
    const lines: string[] = [];
    const brokers = await startBrokers({ runtime: nodeRuntime(), settings: brokerSettingsOf(values), log: { level: 'info', format: 'json', terminal: false, target: { write: (text) => lines.push(text) } } });
    expect(brokers.places).toHaveLength(1);
    await brokers.shutdown();
    expect(nodeRuntime().disk.listSync(data)).not.toContain('shards');
    expect(lines).toEqual([]);
  });
});
