import { KiteError } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type ConfigEntry, environmentEntries, environmentName, setEntry } from '../../src/config/config-source.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { configAsJson, printConfig } from '../../src/config/print-config.ts';
import { settingsHelp, settingsTable } from '../../src/config/settings-help.ts';
import { settingsOf } from '../../src/config/setting.ts';

const settings = settingsOf(
  z.object({
    listenPort: z.number().int().min(0).max(65535).default(10911).meta({ description: 'Port for requests.' }),
    brokerName: z.string().min(1, 'must not be empty').optional().meta({ description: 'Name of the broker set.' }),
    flushDiskType: z.enum(['SYNC_FLUSH', 'ASYNC_FLUSH']).default('SYNC_FLUSH').meta({ description: 'When a send is answered.' }),
    longPollingEnable: z.boolean().default(true).meta({ description: 'Hold pulls.', apply: 'runtime' }),
    syncFlushTimeout: z.number().int().min(1).default(5000).meta({ description: 'How long a send waits.', unit: 'ms' }),
    diskRatio: z.number().min(0).max(1).default(0.75).meta({ description: 'A share.' }),
  }),
);

const load = (...entries: ConfigEntry[]): ReturnType<typeof loadConfig> => loadConfig({ settings, entries, ignored: { flushLeastPages: 'no mapped memory here' } });
const entry = (key: string, text: string, origin = 'broker.conf:3'): ConfigEntry => ({ key, text, origin });
const problems = (...entries: ConfigEntry[]): string[] => {
  try {
    load(...entries);
  } catch (error) {
    expect(KiteError.is(error, 'KITE_CONFIG_INVALID')).toBe(true);
    return (error as KiteError).details['problems'] as string[];
  }
  throw new Error('expected it to be refused');
};

describe('loadConfig', () => {
  it('takes defaults, and turns text into the type of the key', () => {
    const config = load(entry('listenPort', ' 9 '), entry('longPollingEnable', 'FALSE'), entry('flushDiskType', 'async_flush'), entry('diskRatio', '0.5'));
    expect(config.values).toEqual({ listenPort: 9, flushDiskType: 'ASYNC_FLUSH', longPollingEnable: false, syncFlushTimeout: 5000, diskRatio: 0.5 });
    expect(config.origins.get('listenPort')).toBe('broker.conf:3');
    expect(config.origins.has('syncFlushTimeout')).toBe(false);
    expect(config.warnings).toEqual([]);
  });

  it('lets the later source win', () => {
    const config = load(entry('listenPort', '1'), entry('listenPort', '2', 'environment KITEMQ_LISTEN_PORT'), entry('listenPort', '3', '--listen'));
    expect(config.values['listenPort']).toBe(3);
    expect(config.origins.get('listenPort')).toBe('--listen');
  });

  it('does not look at a weaker value that is wrong when a stronger one is right', () => {
    expect(load(entry('listenPort', 'x'), entry('listenPort', '2', '--listen')).values['listenPort']).toBe(2);
  });

  it.each([
    [entry('listenPort', '99999'), 'listenPort is "99999" (broker.conf:3): must be a whole number from 0 to 65535'],
    [entry('listenPort', '1.5'), 'listenPort is "1.5" (broker.conf:3): must be a whole number from 0 to 65535'],
    [entry('listenPort', 'abc', '--set listenPort'), 'listenPort is "abc" (--set listenPort): must be a whole number from 0 to 65535'],
    [entry('listenPort', ''), 'listenPort is "" (broker.conf:3): must be a whole number from 0 to 65535'],
    [entry('syncFlushTimeout', '0'), 'syncFlushTimeout is "0" (broker.conf:3): must be a whole number, at least 1 (ms)'],
    [entry('longPollingEnable', 'yes'), 'longPollingEnable is "yes" (broker.conf:3): must be true or false'],
    [entry('flushDiskType', 'NEVER'), 'flushDiskType is "NEVER" (broker.conf:3): must be one of SYNC_FLUSH, ASYNC_FLUSH'],
    [entry('brokerName', ''), 'brokerName is "" (broker.conf:3): must not be empty'],
    [entry('diskRatio', '1.01'), 'diskRatio is "1.01" (broker.conf:3): must be a number from 0 to 1'],
  ])('names key, value, place and range: %o', (wrong, sentence) => {
    expect(problems(wrong)).toEqual([sentence]);
  });

  it('reports all problems at once and cuts long values', () => {
    const found = problems(entry('listenPort', '-1'), entry('flushDiskType', 'x'.repeat(1000)));
    expect(found).toHaveLength(2);
    expect(found[1]?.length).toBeLessThan(200);
  });

  it('warns about unknown keys with the nearest name, and about keys without effect with the reason', () => {
    const { warnings } = load(entry('lisenPort', '1'), entry('flushLeastPages', '4'), entry('zzz', '1'), entry('__proto__', '1'), entry('constructor', '1'));
    expect(warnings).toEqual([
      'lisenPort (broker.conf:3) is not a setting and has no effect; did you mean listenPort?',
      'flushLeastPages (broker.conf:3) has no effect here: no mapped memory here',
      'zzz (broker.conf:3) is not a setting and has no effect',
      '__proto__ (broker.conf:3) is not a setting and has no effect',
      'constructor (broker.conf:3) is not a setting and has no effect',
    ]);
  });
});

describe('sources', () => {
  it('reads the environment under several spellings, and keeps what it cannot place', () => {
    const found = environmentEntries({ KITEMQ_LISTEN_PORT: '1', KITEMQ_brokerName: 'b', KITEMQ_NO_SUCH: 'x', PATH: '/bin', KITEMQ_VERIFY: 'all' }, settings.keys());
    expect(found).toEqual([
      { key: 'listenPort', text: '1', origin: 'environment KITEMQ_LISTEN_PORT' },
      { key: 'brokerName', text: 'b', origin: 'environment KITEMQ_brokerName' },
      { key: 'NO_SUCH', text: 'x', origin: 'environment KITEMQ_NO_SUCH' },
    ]);
  });

  it('names each key for the environment in a way that it reads back', () => {
    for (const key of settings.keys()) expect(environmentEntries({ [environmentName(key)]: '1' }, settings.keys())[0]?.key).toBe(key);
  });

  it("takes Apache's NAMESRV_ADDR only where namesrvAddr is a key, and KiteMQ's own name is stronger", () => {
    expect(environmentEntries({ NAMESRV_ADDR: 'a:1' }, settings.keys())).toEqual([]);
    const found = environmentEntries({ KITEMQ_NAMESRV_ADDR: 'b:2', NAMESRV_ADDR: 'a:1' }, ['namesrvAddr']);
    expect(found.map(({ text }) => text)).toEqual(['a:1', 'b:2']);
  });

  it('splits --set at the first =', () => {
    expect(setEntry('a=b=c')).toEqual({ key: 'a', text: 'b=c', origin: '--set a' });
    expect(setEntry('=b')).toBeUndefined();
    expect(setEntry('ab')).toBeUndefined();
  });
});

describe('printing', () => {
  it('prints the effective configuration with origins, in a form that can be read again', () => {
    const config = load(entry('listenPort', '9'), entry('brokerName', 'a\\b', '--name'));
    const text = printConfig(settings, config);
    expect(text).toContain('# from broker.conf:3\nlistenPort=9\n');
    expect(text).toContain('# from --name\nbrokerName=a\\\\b\n');
    expect(text).toContain('# default\nsyncFlushTimeout=5000\n');
    expect(configAsJson(settings, config)['listenPort']).toEqual({ value: 9, origin: 'broker.conf:3' });
    expect(configAsJson(settings, config)['diskRatio']).toEqual({ value: 0.75, origin: 'default' });
  });

  it('lists every setting with default, unit and range', () => {
    const help = settingsHelp(settings);
    for (const key of settings.keys()) expect(help).toContain(`  ${key}=`);
    expect(help).toContain('syncFlushTimeout=5000 ms  [a whole number, at least 1 (ms)]');
    const table = settingsTable(settings);
    expect(table).toContain('| `longPollingEnable` | `true` |  | true or false | at once | Hold pulls. |');
    expect(table.split('\n')).toHaveLength(settings.size + 2);
  });
});
