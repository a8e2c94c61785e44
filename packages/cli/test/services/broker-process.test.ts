import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { type Cluster, startCluster } from '@kitemq/testkit';
import { Client } from '@kitemq/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleApp, type Program, run, temporaryDirectory } from '../support/child-process.ts';

let app = '';
let cluster: Cluster;
beforeAll(async () => {
  [app, cluster] = await Promise.all([bundleApp('broker'), startCluster()]);
});
afterAll(() => cluster.stop());

const start = (data: string, ...more: string[]): Program =>
  run([app, '--nameserver', cluster.nameserver, '--listen', '127.0.0.1:0', '--data', data, '--name', 'broker-x', '--set', 'fastPortEnable=false', ...more]);

describe('the broker process', () => {
  it('says ready when clients can find it, stops with 0 on SIGTERM, and keeps what it acknowledged', async () => {
    const data = temporaryDirectory();
    const first = start(data, '--cluster', 'DefaultCluster', '--broker-id', '0', '--flush', 'sync');
    expect(await first.ready()).toMatch(/^ready broker 127\.0\.0\.1:[1-9]\d* broker-x data /);
    await using client = new Client(cluster.clientOptions);
    await client.admin().createTopic({ topic: 'Kept', writeQueues: 1, readQueues: 1 }, { brokerName: 'broker-x' });
    const producer = await client.producer();
    const sent = await producer.send({ topic: 'Kept', body: 'kept' });
    expect(sent.queue.brokerName).toBe('broker-x');
    expect(await first.stop()).toBe(0);
    const second = start(data);
    await second.ready();
    await using other = new Client(cluster.clientOptions);
    const { messages } = await other.puller().pull(sent.queue, sent.queueOffset);
    expect(messages.map((message) => message.text())).toEqual(['kept']);
    expect(await second.stop('SIGINT')).toBe(0);
  });

  it('says who holds the data directory', async () => {
    const data = temporaryDirectory();
    const holder = start(data);
    await holder.ready();
    const second = start(data, '--name', 'broker-y');
    expect(await second.exited).toBe(1);
    expect(second.stderr).toContain(`in use by process ${holder.child.pid}`);
    expect(second.stderr.trim().split('\n').filter((line) => !line.startsWith('{'))).toHaveLength(1);
    expect(await holder.stop()).toBe(0);
  });

  it('says that the data directory is a file, or lies below one', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'x');
    for (const data of [file, join(file, 'below')]) {
      const program = start(data);
      expect(await program.exited).toBe(1);
      expect(program.stderr).toMatch(/file, not a directory: choose another directory with --data\n$/);
      expect(program.stdout).toBe('');
    }
  });

  it('says that its port is taken, and gives the data directory free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const data = temporaryDirectory();
    const program = start(data, '--listen', `127.0.0.1:${port}`);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toContain(`kitemq broker: 127.0.0.1:${port} is already in use: stop the process that has it, or choose another port\n`);
    other.close();
    const next = start(data);
    await next.ready();
    expect(await next.stop()).toBe(0);
  });

  it("takes Apache's broker.conf, names what has no effect, and refuses what is wrong", async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'broker.conf');
    writeFileSync(
      file,
      `brokerClusterName = DefaultCluster\nbrokerName = broker-x\nbrokerId = 0\ndeleteWhen = 04\nfileReservedTime = 48\nbrokerRole = ASYNC_MASTER\nflushDiskType = ASYNC_FLUSH\nnamesrvAddr = ${cluster.nameserver}\n`,
    );
    const program = run([app, '-c', file, '--listen', '127.0.0.1:0', '--data', directory, '--set', 'fastPortEnable=false']);
    await program.ready();
    expect(program.stderr).toContain(`brokerRole (${file}:`);
    for (const key of ['deleteWhen', 'fileReservedTime', 'flushDiskType']) expect(program.stderr).not.toContain(`${key} (`);
    expect(await program.stop()).toBe(0);
    const wrong = run([app, '--set', 'maxMessageSize=none', '--flush', 'sync', '--set', 'brokerId=x']);
    expect(await wrong.exited).toBe(2);
    expect(wrong.stderr).toMatch(/brokerId is "x" \(--set brokerId\): must be a whole number/);
    expect(wrong.stderr).toMatch(/maxMessageSize is "none" \(--set maxMessageSize\): must be a whole number from 1 to \d+ \(bytes\)/);
  });

  it('lists every setting in its help', async () => {
    const program = run([app, '--help']);
    expect(await program.exited).toBe(0);
    for (const text of ['--nameserver', '--advertise', 'brokerIP1=', 'flushDiskType=SYNC_FLUSH  [one of SYNC_FLUSH, ASYNC_FLUSH]', 'maxMessageSize=4194304 bytes']) {
      expect(program.stdout).toContain(text);
    }
  });
});
