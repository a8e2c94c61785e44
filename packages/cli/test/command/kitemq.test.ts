import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mqadminNotOffered } from '../../src/command/mqadmin-not-offered.ts';
import { apacheTimestamp } from '../../src/command/mqadmin-group-commands.ts';
import { mqadminNames } from '../../src/command/mqadmin-commands.ts';
import { runKitemq } from '../../src/command/kitemq.ts';
import { temporaryDirectory } from '../support/child-process.ts';
import { recordingHost } from '../support/recording-host.ts';

async function kitemq(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const host = recordingHost();
  const code = await runKitemq(argv, host);
  return { code, out: host.out, err: host.err };
}

const commands = ['topic create', 'topic list', 'topic delete', 'topic status', 'topic route', 'cluster list', 'consumer progress', 'consumer members', 'send', 'consume', 'doctor'];

describe('kitemq', () => {
  it('shows its commands with examples in help, and without a command', async () => {
    const help = await kitemq('--help');
    expect(help.code).toBe(0);
    for (const name of ['nameserver', 'broker', 'standalone', 'topic', 'cluster', 'consumer', 'send', 'consume', 'doctor', 'completion']) expect(help.out).toContain(`\n  ${name}`);
    expect(help.out).toContain('Examples:');
    expect(help.out).not.toContain('updateKvConfig');
    expect((await kitemq()).code).toBe(2);
  });

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await kitemq('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect(await kitemq('broker', '--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
    expect((await kitemq('broker', '--help')).out).toContain('Usage: kitemq broker [options]');
  });

  it.each(commands)('%s has help with examples, -n, --json and --timeout', async (name) => {
    const { code, out } = await kitemq(...name.split(' '), '--help');
    expect(code).toBe(0);
    for (const text of ['Examples:\n  $ kitemq ', '--nameserver', '--json', '--timeout']) expect(out).toContain(text);
  });

  it.each(mqadminNames)("takes mqadmin's name %s", async (name) => {
    const { code, out } = await kitemq(name, '--help');
    expect(code).toBe(0);
    expect(out).toContain('--nameserver');
  });

  it.each([
    [['topik'], "unknown command 'topik' (Did you mean topic?)"],
    [['topic', 'create'], "missing required argument 'topic'"],
    [['topic', 'create', 'T', '--queues', '0'], 'it must be a whole number from 1 to 65535'],
    [['consume', 'T', '--count', 'x'], 'it must be a whole number of at least 1'],
    [['topicStatus'], "required option '-t, --topic <value>' not specified"],
    [['completion', 'csh'], 'Allowed choices are bash, zsh, fish'],
  ])('refuses %j with one sentence and status 2', async (argv, sentence) => {
    const { code, out, err } = await kitemq(...argv);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(out).toBe('');
  });
});

describe("mqadmin's names that are not offered", () => {
  it.each(['createUser', 'haStatus', 'queryMsgTraceById'])('%s says so', async (name) => {
    const { code, err } = await kitemq(name, '-n', '127.0.0.1:9876', '-c', 'DefaultCluster');
    expect(code).toBe(2);
    expect(err).toBe(`kitemq: mqadmin's ${name} is not offered by this release; Apache's own mqadmin may do it: see docs/roadmap.md\n`);
  });

  it('and those that are, are the 96 of Apache 5.5.0 and no other', () => {
    const all = new Set([...mqadminNames, ...mqadminNotOffered]);
    expect(all.size).toBe(mqadminNames.length + mqadminNotOffered.length);
    // queryMsgTraceById has two spellings.
    expect(all.size).toBe(96 + 1);
  });
});

describe("Apache's time format", () => {
  it('is local time with milliseconds; now and milliseconds are taken too', () => {
    expect(apacheTimestamp('2026-01-02#03:04:05:678', 0)).toBe(new Date(2026, 0, 2, 3, 4, 5, 678).getTime());
    expect(apacheTimestamp('now', 42)).toBe(42);
    expect(apacheTimestamp('1234', 0)).toBe(1234);
    expect(() => apacheTimestamp('yesterday', 0)).toThrow('-s is "yesterday"');
  });
});

describe('kitemq completion', () => {
  it('offers commands and flags in bash, by the words before', async () => {
    const script = await kitemq('completion', 'bash');
    const file = join(temporaryDirectory(), 'completion.bash');
    writeFileSync(file, script.out);
    const complete = (...words: string[]): string[] => {
      const array = words.map((word) => `'${word}'`).join(' ');
      const program = `source ${file}; COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _kitemq; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', program], { encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(complete('kitemq', 'to')).toEqual(['topic']);
    expect(complete('kitemq', 'topic', '')).toEqual(expect.arrayContaining(['create', 'list', 'delete', 'status', 'route', '--help']));
    expect(complete('kitemq', 'topic', 'create', '--q')).toEqual(['--queues']);
    expect(complete('kitemq', 'send', '--')).toEqual(expect.arrayContaining(['--tag', '--nameserver', '--json']));
  });

  it('names every visible command for zsh and fish, and no hidden one', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, out } = await kitemq('completion', shell);
      expect(code).toBe(0);
      for (const name of ['standalone', 'topic', 'create', 'doctor', 'progress']) expect(out).toContain(name);
      expect(out).not.toContain('updateKvConfig');
    }
  });
});
