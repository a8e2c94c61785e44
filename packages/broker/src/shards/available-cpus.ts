import { availableParallelism } from 'node:os';
import type { Disk } from '@kitemq/runtime';

/** Where Linux says how much CPU time a container gets: control groups version 2, then version 1. */
const quotaFile = '/sys/fs/cgroup/cpu.max';
const oldQuotaFile = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';
const oldPeriodFile = '/sys/fs/cgroup/cpu/cpu.cfs_period_us';

function textOf(disk: Disk, path: string): string {
  try {
    return Buffer.from(disk.readFileSync(path)).toString('latin1').trim();
  } catch {
    return '';
  }
}

/** CPUs that the control group's quota pays for; infinite without one. */
function quotaCpus(disk: Disk): number {
  const [quota = '', period = ''] = textOf(disk, quotaFile).split(' ');
  const cpus = quota === '' ? Number(textOf(disk, oldQuotaFile)) / Number(textOf(disk, oldPeriodFile)) : Number(quota) / Number(period);
  return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
}

/**
 * CPUs that this process may keep busy: those it is allowed to run on, but not more than its container's quota pays for (which Node learned to
 * ask for in version 22 only). At least 1.
 */
export function availableCpus(disk: Disk, allowed: number = availableParallelism()): number {
  return Math.max(1, Math.min(allowed, Math.floor(quotaCpus(disk))));
}
