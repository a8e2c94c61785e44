import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { freePort, procStats, Service, Wire } from '../src/index.mjs';

const dirs: string[] = [];

function logFile(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kitemq-targets-'));
  dirs.push(dir);
  return path.join(dir, 'out');
}

afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});

function service(script: string, readyTimeoutMs = 20_000): Service {
  return new Service({ name: 'probe', command: process.execPath, args: ['-e', script], logFile: logFile(), ready: /^ready/, readyTimeoutMs });
}

describe('Service', () => {
  it('is started when its ready line is there, and stops with its own exit code', async () => {
    const probe = await service(`process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('x'); console.log('ready now');`).start();
    expect(probe.running).toBe(true);
    expect(procStats(probe.pid).rssBytes).toBeGreaterThan(1_000_000);
    expect(await probe.stop()).toEqual({ clean: true, code: 3 });
    expect(probe.running).toBe(false);
    expect(fs.readFileSync(probe.options.logFile, 'utf8')).toContain('ready now');
  });

  it('says that a process ended before it was ready', async () => {
    await expect(service('process.exit(1)').start()).rejects.toThrow(/ended \(1\) before it was ready/);
  });

  it('kills with -9', async () => {
    const probe = await service(`setInterval(() => {}, 1000); console.log('ready');`).start();
    await probe.kill();
    expect(probe.child?.signalCode).toBe('SIGKILL');
  });
});

describe('freePort', () => {
  it('can be bound together with its neighbours', async () => {
    const port = await freePort({ below: 2, above: 1 });
    const servers = await Promise.all(
      [port - 2, port, port + 1].map(
        (p) =>
          new Promise<net.Server>((resolve, reject) => {
            const server = net.createServer();
            server.once('error', reject);
            server.listen({ port: p, host: '127.0.0.1' }, () => resolve(server));
          }),
      ),
    );
    for (const server of servers) server.close();
  });
});

describe('Wire', () => {
  it('matches answers by opaque and puts split frames together', async () => {
    const server = net.createServer((socket) => {
      socket.on('data', (frame) => {
        const headerEnd = 8 + (frame.readInt32BE(4) & 0xffffff);
        const { opaque, code } = JSON.parse(frame.toString('utf8', 8, headerEnd));
        const header = Buffer.from(JSON.stringify({ code: 0, flag: 1, opaque, extFields: { asked: `${code}` } }));
        const prefix = Buffer.alloc(8);
        prefix.writeInt32BE(4 + header.length + 2, 0);
        prefix.writeInt32BE(header.length, 4);
        socket.write(prefix.subarray(0, 3));
        setImmediate(() => socket.write(Buffer.concat([prefix.subarray(3), header, Buffer.from('ok')])));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const wire = await Wire.connect(`127.0.0.1:${(server.address() as net.AddressInfo).port}`);
    const answer = await wire.request(105, { topic: 'T' });
    expect(answer).toMatchObject({ code: 0, extFields: { asked: '105' } });
    expect(answer.body.toString()).toBe('ok');
    wire.close();
    await expect(wire.request(105, {})).rejects.toThrow(/closed/);
    server.close();
  });
});
