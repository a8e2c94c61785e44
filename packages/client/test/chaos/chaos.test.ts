import { expect, it, vi } from 'vitest';
import { ProcessQueue } from '../../src/consumer/process-queue.ts';
import { chaos } from './chaos.ts';

/** `KITEMQ_CHAOS_SEEDS=1000 npx vitest run test/chaos` for a longer look; `KITEMQ_CHAOS_FROM` to begin elsewhere. */
const count = Number(process.env['KITEMQ_CHAOS_SEEDS'] ?? 15);
const first = Number(process.env['KITEMQ_CHAOS_FROM'] ?? 1);

it(`a group survives: seeds ${first} to ${first + count - 1}`, async () => {
  for (let seed = first; seed < first + count; seed++) await chaos(seed);
}, 10_000 + count * 10_000);

it('a client that commits what was only pulled is found out', async () => {
  const spy = vi.spyOn(ProcessQueue.prototype, 'committable').mockImplementation(function (this: ProcessQueue<never>) {
    return this.nextOffset;
  });
  try {
    await expect(chaos(1)).rejects.toThrow(/was committed for queue \d of .* is neither handled nor handed back/);
  } finally {
    spy.mockRestore();
  }
}, 30_000);
