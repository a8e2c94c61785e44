import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleApp, run, temporaryDirectory } from '../support/child-process.ts';

let app = '';
beforeAll(async () => {
  app = await bundleApp('nameserver');
});

describe('the nameserver process', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('says ready with the address it got, and ends with 0 on %s', async (signal) => {
    const program = run([app, '--listen', '127.0.0.1:0']);
    expect(await program.ready()).toMatch(/^ready nameserver 127\.0\.0\.1:[1-9]\d*$/);
    expect(await program.stop(signal)).toBe(0);
    expect(program.stdout.match(/^ready/gm)).toHaveLength(1);
  });

  it('logs JSON lines where nobody watches, text when asked to, nothing when silenced', async () => {
    const json = run([app, '--listen', '127.0.0.1:0']);
    await json.ready();
    await json.stop();
    const lines = json.stderr.trim().split('\n').map((line) => JSON.parse(line) as { level: number; msg: string });
    expect(lines.some((line) => line.msg === 'stopping')).toBe(true);
    const text = run([app, '--listen', '127.0.0.1:0', '--log-format', 'text']);
    await text.ready();
    await text.stop();
    expect(text.stderr).toMatch(/ info {2}.*stopping/);
    const silent = run([app, '--listen', '127.0.0.1:0', '--log-level', 'silent']);
    await silent.ready();
    await silent.stop();
    expect(silent.stderr).toBe('');
  });

  it('says in one sentence that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const program = run([app, '--listen', `127.0.0.1:${port}`]);
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe(`kitemq nameserver: 127.0.0.1:${port} is already in use: stop the process that has it, or choose another port\n`);
    expect(program.stdout).toBe('');
    other.close();
  });

  it('takes file, environment and flags, the later the stronger, and says where each value came from', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'namesrv.conf');
    writeFileSync(file, '# comment\nlistenPort = 1111\nscanNotActiveBrokerInterval=4000\n  waitSecondsForService: 7\n');
    const program = run([app, '--config', 'namesrv.conf', '--listen', '3333', '--print-config'], { cwd: directory, env: { KITEMQ_LISTEN_PORT: '2222', KITEMQ_SCAN_NOT_ACTIVE_BROKER_INTERVAL: '4444' } });
    expect(await program.exited).toBe(0);
    expect(program.stdout).toContain('# from --listen\nlistenPort=3333\n');
    expect(program.stdout).toContain('# from environment KITEMQ_SCAN_NOT_ACTIVE_BROKER_INTERVAL\nscanNotActiveBrokerInterval=4444\n');
    expect(program.stdout).toContain('# from namesrv.conf:4\nwaitSecondsForService=7\n');
    writeFileSync(file, program.stdout);
    const again = run([app, '--config', file, '--print-config', '--json']);
    await again.exited;
    const config = JSON.parse(again.stdout) as Record<string, { value: unknown; origin: string }>;
    expect(config['listenPort']?.value).toBe(3333);
    expect(config['waitSecondsForService']?.value).toBe(7);
  });

  it('names key, value, place and range of what is wrong, each on a line, and does not start', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'namesrv.conf'), 'listenPort=99999\n\norderMessageEnable=maybe\n');
    const program = run([app, '--config', 'namesrv.conf'], { cwd: directory });
    expect(await program.exited).toBe(2);
    expect(program.stderr.split('\n')).toEqual([
      'kitemq nameserver: listenPort is "99999" (namesrv.conf:1): must be a whole number from 0 to 65535',
      'kitemq nameserver: orderMessageEnable is "maybe" (namesrv.conf:3): must be true or false',
      '',
    ]);
  });

  it('names keys that have no effect, with the nearest name or the reason', async () => {
    const program = run([app, '--set', 'lisenPort=1', '--set', 'serverWorkerThreads=8', '--print-config']);
    expect(await program.exited).toBe(0);
    expect(program.stderr).toContain('lisenPort (--set lisenPort) is not a setting and has no effect; did you mean listenPort?');
    expect(program.stderr).toContain('serverWorkerThreads (--set serverWorkerThreads) has no effect here: ');
  });

  it.each([
    [['--listen', 'here:x'], '--listen is "here:x": the port must be a whole number from 0 to 65535'],
    [['--lisen', '1'], "unknown option '--lisen'"],
    [['--set', 'novalue'], 'it must be key=value'],
    [['--log-level', 'loud'], 'Allowed choices are debug, info, warn, error, silent'],
    [['--config', '/nowhere/namesrv.conf'], '--config /nowhere/namesrv.conf: there is no such file'],
    [['--config', '/'], '--config /: it is a directory'],
    [['stray'], 'too many arguments'],
  ])('refuses %j with one sentence and status 2', async (args, sentence) => {
    const program = run([app, ...args]);
    expect(await program.exited).toBe(2);
    expect(program.stderr).toContain(sentence);
    expect(program.stderr.trim().split('\n')).toHaveLength(1);
    expect(program.stdout).toBe('');
  });

  it('lists every setting with default, unit and range in its help', async () => {
    const program = run([app, '--help']);
    expect(await program.exited).toBe(0);
    expect(program.stdout).toContain('--listen <host:port>');
    expect(program.stdout).toContain('listenPort=9876  [a whole number from 0 to 65535]');
    expect(program.stdout).toMatch(/scanNotActiveBrokerInterval=5000 ms {2}\[a whole number from 10 to 3600000 \(ms\)\]/);
    expect(program.stdout).toContain('Examples:');
  });
});
