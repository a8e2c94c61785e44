import { availableParallelism } from 'node:os';
import { nodeRuntime } from '@kitemq/runtime';
import type { Disk } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { availableCpus } from '../../src/index.ts';

/** A disk that holds these files only. */
function diskWith(files: Readonly<Record<string, string>>): Disk {
  return {
    ...nodeRuntime().disk,
    readFileSync(path: string) {
      const text = files[path];
      if (text === undefined) throw new Error(`no ${path}`);
      return Buffer.from(text);
    },
  };
}

describe('available CPUs', () => {
  it('are those the process may run on', () => {
    expect(availableCpus(diskWith({}))).toBe(availableParallelism());
    expect(availableCpus(diskWith({}), 7)).toBe(7);
  });

  it("are no more than the container's quota pays for, and at least one", () => {
    expect(availableCpus(diskWith({ '/sys/fs/cgroup/cpu.max': '350000 100000\n' }), 64)).toBe(3);
    expect(availableCpus(diskWith({ '/sys/fs/cgroup/cpu.max': '50000 100000\n' }), 64)).toBe(1);
    expect(availableCpus(diskWith({ '/sys/fs/cgroup/cpu.max': 'max 100000\n' }), 64)).toBe(64);
    expect(availableCpus(diskWith({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '400000\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' }), 64)).toBe(4);
    expect(availableCpus(diskWith({ '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n' }), 64)).toBe(64);
  });
});
