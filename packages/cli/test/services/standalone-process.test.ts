import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { Client } from '@kitemq/client';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleApp, type Program, run, temporaryDirectory } from '../support/child-process.ts';

let app = '';
beforeAll(async () => {
  app = await bundleApp('standalone');
});

const start = (data: string, ...more: string[]): Program => run([app, '--port', '0', '--broker-port', '0', '--data', data, '--set', 'fastPortEnable=false', ...more]);

async function nameserverOf(program: Program): Promise<string> {
  return /^ready nameserver (\S+) broker \S+ data /.exec(await program.ready())?.[1] ?? 'no address in the ready line';
}

describe('the standalone process', () => {
  it('sends a message through itself, says ready and a banner, and stops with 0', async () => {
    const data = temporaryDirectory();
    const program = start(data);
    const nameserver = await nameserverOf(program);
    expect(program.stdout).toContain(`nameserver  ${nameserver}`);
    expect(program.stdout).toContain(`data        ${data}`);
    expect(program.stdout).toMatch(/self-check {2}a message was sent and received/);
    expect(program.stdout.match(/standalone\.mjs (send|consume|doctor)/g)).toHaveLength(3);
    expect(await program.stop('SIGINT')).toBe(0);
  });

  it('serves clients, also its own commands, and keeps messages over a restart', async () => {
    const data = temporaryDirectory();
    const first = start(data);
    const nameserver = await nameserverOf(first);
    const send = run([app, 'send', 'hello', 'first message', '-n', nameserver]);
    expect(await send.exited).toBe(0);
    expect(send.stdout).toContain('SEND_OK');
    expect(await first.stop()).toBe(0);
    const second = start(data);
    const consume = run([app, 'consume', 'hello', '-n', await nameserverOf(second)]);
    expect(await consume.exited).toBe(0);
    expect(consume.stdout).toContain('first message');
    const doctor = run([app, 'doctor', '-n', await nameserverOf(second)]);
    expect(await doctor.exited).toBe(0);
  });

  it('tells clients the address by which they came', async () => {
    const program = start(temporaryDirectory());
    const nameserver = await nameserverOf(program);
    await using client = new Client({ nameservers: nameserver });
    const { brokers } = await client.admin().clusterInfo();
    expect(brokers[0]?.members[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('tells clients the address it was given, which it need not be able to dial itself', async () => {
    const program = start(temporaryDirectory(), '--advertise', 'my-host.example:1234');
    await using client = new Client({ nameservers: await nameserverOf(program) });
    const { brokers } = await client.admin().clusterInfo();
    expect(brokers[0]?.members[0]?.address).toBe('my-host.example:1234');
    expect(await program.stop()).toBe(0);
  });

  it('says in one sentence that a port or the data directory is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    for (const flags of [['--port', String(port)], ['--broker-port', String(port)]]) {
      const program = start(temporaryDirectory(), ...flags);
      expect(await program.exited).toBe(1);
      expect(program.stderr).toContain(`127.0.0.1:${port} is already in use`);
      expect(program.stdout).toBe('');
    }
    other.close();
    const data = temporaryDirectory();
    const holder = start(data);
    await holder.ready();
    const second = start(data);
    expect(await second.exited).toBe(1);
    expect(second.stderr).toContain(`in use by process ${holder.child.pid}`);
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const third = start(file);
    expect(await third.exited).toBe(1);
    expect(third.stderr).toContain('a file, not a directory');
  });

  it('runs next to another one on ports of its own', async () => {
    const one = start(temporaryDirectory());
    const two = start(temporaryDirectory());
    expect(await nameserverOf(one)).not.toBe(await nameserverOf(two));
    expect([await one.stop(), await two.stop()]).toEqual([0, 0]);
  });

  it('refuses a wrong setting of either part', async () => {
    const program = start(temporaryDirectory(), '--set', 'nameserver.listenPort=-1', '--set', 'flushDiskType=never');
    expect(await program.exited).toBe(2);
    expect(program.stderr).toContain('nameserver.listenPort is "-1"');
    expect(program.stderr).toContain('flushDiskType is "never"');
  });
});
