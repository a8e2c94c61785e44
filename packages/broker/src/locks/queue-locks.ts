import type { Clock } from '@kitemq/runtime';

/** A lock that is not renewed for so long is free (RebalanceLockManager). Monotonic ms. */
export const lockLifetimeMs = 60_000;
/** Most locks of one group: what a client asks for beyond is not locked. */
export const locksPerGroupMax = 100_000;

interface Lock {
  owner: string;
  renewedAt: number;
}

interface LockedQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

function keyOf(queue: LockedQueue): string {
  return `${queue.queueId} ${queue.brokerName} ${queue.topic}`;
}

/** Which client of a group may consume a queue in order. */
export class QueueLocks {
  readonly #clock: Clock;
  readonly #groups: Map<string, Map<string, Lock>> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Locks what is free and renews what the client has; returns the queues that it owns now. */
  lock<Q extends LockedQueue>(group: string, clientId: string, queues: readonly Q[]): Q[] {
    const now = this.#clock.monotonic();
    let locks = this.#groups.get(group);
    if (locks === undefined) {
      locks = new Map();
      this.#groups.set(group, locks);
    }
    return queues.filter((queue) => {
      const key = keyOf(queue);
      const lock = locks.get(key);
      if (lock === undefined) {
        if (locks.size >= locksPerGroupMax) return false;
        locks.set(key, { owner: clientId, renewedAt: now });
        return true;
      }
      if (lock.owner !== clientId && now - lock.renewedAt <= lockLifetimeMs) return false;
      lock.owner = clientId;
      lock.renewedAt = now;
      return true;
    });
  }

  /** Frees what the client owns; queues of others are left alone. */
  unlock(group: string, clientId: string, queues: readonly LockedQueue[]): void {
    const locks = this.#groups.get(group);
    if (locks === undefined) return;
    for (const queue of queues) {
      const key = keyOf(queue);
      if (locks.get(key)?.owner === clientId) locks.delete(key);
    }
    if (locks.size === 0) this.#groups.delete(group);
  }

  /** True while the group holds any lock: it consumes in order. */
  isLocked(group: string): boolean {
    const locks = this.#groups.get(group);
    if (locks === undefined) return false;
    const limit = this.#clock.monotonic() - lockLifetimeMs;
    for (const lock of locks.values()) if (lock.renewedAt >= limit) return true;
    return false;
  }

  /** Drops locks that nobody renewed. */
  expire(): void {
    const limit = this.#clock.monotonic() - lockLifetimeMs;
    for (const [group, locks] of this.#groups) {
      for (const [key, lock] of locks) if (lock.renewedAt < limit) locks.delete(key);
      if (locks.size === 0) this.#groups.delete(group);
    }
  }
}
