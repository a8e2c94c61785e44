import type { Disk, DiskSpace } from '@kitemq/runtime';
import { nodeRuntime } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';
import { ResponseCode } from '@kitemq/protocol';
import { describe, expect, it } from 'vitest';
import { DiskGuard } from '../../src/produce/disk-guard.ts';
import { TestBroker } from '../support/test-broker.ts';

describe('a nearly full disk', () => {
  it('is one that is used above the ratio and has little left', () => {
    let space: DiskSpace = { totalBytes: 1_000, freeBytes: 500 };
    const logger = new RecordingLogger();
    const guard = new DiskGuard({ spaceSync: () => space } as unknown as Disk, '/data', { diskSpaceWarningLevelRatio: 90, diskFreeBytesEnough: 80 }, logger);
    const after = (freeBytes: number): boolean => {
      space = { totalBytes: 1_000, freeBytes };
      guard.check();
      return guard.full;
    };
    expect([after(500), after(95), after(50), after(40), after(200)]).toEqual([false, false, true, true, false]);
    expect(logger.lines).toHaveLength(2);
  });

  it('refuses sends, goes on serving reads, and takes sends again by itself', async () => {
    const runtime = nodeRuntime({ logger: new RecordingLogger() });
    let freeBytes = 1_000_000_000;
    const disk = new Proxy(runtime.disk, {
      get: (target, key) => {
        if (key === 'spaceSync') return () => ({ totalBytes: 1_000_000_000, freeBytes });
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
    await using test = await TestBroker.start({ runtime: { ...runtime, disk } });
    await test.send('T', 'before');
    freeBytes = 1_000;
    // What the broker does every second happens at start as well.
    await test.restart();
    const refused = await test.send('T', 'no');
    expect([refused.code, refused.frame.ext.get('MSG_REGION')]).toEqual([ResponseCode.serviceNotAvailable, 'DefaultRegion']);
    expect(refused.remark).toContain('disk is full');
    expect((await test.pull('T', 0, 0)).messages).toHaveLength(1);
    freeBytes = 900_000_000;
    await test.restart();
    expect((await test.send('T', 'after')).code).toBe(0);
  });
});
