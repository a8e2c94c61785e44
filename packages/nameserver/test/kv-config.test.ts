import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Commands } from '@kitemq/protocol';
import type { Disk } from '@kitemq/runtime';
import { nodeRuntime } from '@kitemq/runtime';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KvConfig, kvLimits } from '../src/kv-config/kv-config.ts';
import { Caller, startNameserver } from './support.ts';

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'kite-kv-'))));
afterAll(() => rmSync(directory, { recursive: true }));

const put = (kv: KvConfig, namespace: string, key: string, value: string) => new Promise((resolve) => kv.put(namespace, key, value, resolve));
const remove = (kv: KvConfig, namespace: string, key: string) => new Promise((resolve) => kv.remove(namespace, key, resolve));
const open = (path: string, disk: Disk = nodeRuntime().disk): KvConfig => {
  const { timers, logger } = nodeRuntime();
  const kv = new KvConfig({ disk, timers, logger, path });
  kv.load();
  return kv;
};

describe('KV configs', () => {
  it('are put, read, listed and removed', async () => {
    await using nameserver = await startNameserver();
    await using admin = new Caller(nameserver);
    const key = { namespace: 'N', key: 'k' };
    const missing = await admin.call(Commands.getKvConfig, key);
    expect([missing.code, missing.remark]).toEqual([22, 'No config item, Namespace: N Key: k']);
    expect((await admin.call(Commands.getKvListByNamespace, { namespace: 'N' })).code).toBe(22);
    expect((await admin.call(Commands.putKvConfig, { ...key, value: 'v' })).code).toBe(0);
    expect((await admin.call(Commands.getKvConfig, key)).header().value).toBe('v');
    expect((await admin.call(Commands.getKvListByNamespace, { namespace: 'N' })).body().table).toEqual(new Map([['k', 'v']]));
    expect((await admin.call(Commands.deleteKvConfig, key)).code).toBe(0);
    expect((await admin.call(Commands.getKvConfig, key)).code).toBe(22);
    expect((await admin.call(Commands.putKvConfig, { namespace: '', key: 'k', value: 'v' })).code).toBe(1);
  });

  it('survive a restart, in Apache’s file', async () => {
    const path = join(directory, 'kvConfig.json');
    {
      await using nameserver = await startNameserver({ kvConfigPath: path });
      await using admin = new Caller(nameserver);
      await Promise.all(Array.from({ length: 20 }, (_, i) => admin.call(Commands.putKvConfig, { namespace: 'ORDER_TOPIC_CONFIG', key: `T${i}`, value: `broker-a:${i}` })));
      expect(JSON.parse(readFileSync(path, 'utf8')).configTable.ORDER_TOPIC_CONFIG.T7).toBe('broker-a:7');
    }
    await using nameserver = await startNameserver({ kvConfigPath: path });
    await using admin = new Caller(nameserver);
    expect((await admin.call(Commands.getKvListByNamespace, { namespace: 'ORDER_TOPIC_CONFIG' })).body().table.size).toBe(20);
  });

  it('stop the start when the file cannot be read, and say which', async () => {
    const path = join(directory, 'broken.json');
    for (const content of ['{', '{}', '{"configTable":{"a":{"b":1}}}', 'null']) {
      writeFileSync(path, content);
      await expect(startNameserver({ kvConfigPath: path })).rejects.toMatchObject({ code: 'KITE_KV_CONFIG_UNREADABLE', details: { path } });
    }
  });

  it('go back to what they were when the disk refuses, and say so', async () => {
    const disk = nodeRuntime().disk;
    let failing = false;
    const faulty = new Proxy(disk, {
      get: (target, name) =>
        name === 'replaceFileSync' && failing
          ? () => {
              throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
            }
          : Reflect.get(target, name).bind(target),
    });
    const path = join(directory, 'full.json');
    const kv = open(path, faulty);
    await put(kv, 'N', 'kept', 'old');
    failing = true;
    const outcomes = await Promise.all([put(kv, 'N', 'kept', 'new'), put(kv, 'N', 'fresh', 'x'), put(kv, 'N', 'kept', 'newer'), remove(kv, 'N', 'kept')]);
    expect(outcomes).toEqual(Array(4).fill(expect.objectContaining({ code: 'KITE_KV_CONFIG_WRITE' })));
    expect([...kv.list('N')!]).toEqual([['kept', 'old']]);
    failing = false;
    expect(await put(kv, 'N', 'kept', 'new')).toBeUndefined();
    expect([...open(path).list('N')!]).toEqual([['kept', 'new']]);
  });

  it('hold any text, __proto__ too, and read back what was written', async () => {
    const path = join(directory, 'any.json');
    const name = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', '"', '\\', '\u2028'), fc.string({ minLength: 1, maxLength: 12 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, name, fc.string({ unit: 'binary' }), fc.boolean()), { maxLength: 12 }), async (changes) => {
        nodeRuntime().disk.removeSync(path);
        const kv = open(path);
        const model = new Map<string, string>();
        for (const [namespace, key, value, keep] of changes) {
          await put(kv, namespace, key, value);
          if (!keep) await remove(kv, namespace, key);
          if (keep) model.set(JSON.stringify([namespace, key]), value);
          else model.delete(JSON.stringify([namespace, key]));
        }
        const read = changes.length === 0 ? kv : open(path);
        for (const [namespace, key] of changes) expect(read.get(namespace, key)).toBe(model.get(JSON.stringify([namespace, key])));
      }),
      { numRuns: 30 },
    );
  });

  it('are bounded', async () => {
    const kv = open('');
    expect(await put(kv, 'N', 'k', 'x'.repeat(kvLimits.valueBytesMax + 1))).toMatchObject({ code: 'KITE_KV_CONFIG_REFUSED' });
    expect(await put(kv, 'N'.repeat(kvLimits.nameBytesMax + 1), 'k', 'v')).toMatchObject({ code: 'KITE_KV_CONFIG_REFUSED' });
    for (let i = 0; i < kvLimits.entriesMax; i++) await put(kv, 'N', `k${i}`, 'v');
    expect(await put(kv, 'N', 'one more', 'v')).toMatchObject({ code: 'KITE_KV_CONFIG_REFUSED' });
    expect(await put(kv, 'N', 'k1', 'other')).toBeUndefined();
    const large = open('');
    const value = 'x'.repeat(kvLimits.valueBytesMax);
    for (let i = 0; i < Math.floor(kvLimits.totalBytesMax / (value.length + 10)); i++) expect(await put(large, 'N', `k${i}`, value)).toBeUndefined();
    expect(await put(large, 'N', 'one more', value)).toMatchObject({ code: 'KITE_KV_CONFIG_REFUSED' });
  });
});
