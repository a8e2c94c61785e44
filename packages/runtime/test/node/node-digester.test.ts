import { expect, it, onTestFinished, vi } from 'vitest';
import { NodeDigester } from '@kitemq/runtime';

async function startedDigester(): Promise<NodeDigester> {
  const digester = new NodeDigester();
  onTestFinished(() => digester.close());
  await vi.waitFor(() => expect(digester.ready).toBe(true), { timeout: 10_000 });
  return digester;
}

const digestOf = (digester: NodeDigester, memory: Buffer, length = memory.length): Promise<string> =>
  new Promise((resolve) => digester.digest(memory, length, (digest) => resolve(Buffer.from(digest ?? []).toString('hex'))));

const filled = (bytes: number, fill: number): Buffer => Buffer.from(new SharedArrayBuffer(bytes)).fill(fill);

it('the same bytes have the same digest, others another', async () => {
  const digester = await startedDigester();
  const memory = filled(100_000, 1);
  const digests = await Promise.all([digestOf(digester, memory), digestOf(digester, filled(100_000, 1)), digestOf(digester, filled(100_000, 2)), digestOf(digester, memory, 99_999)]);
  expect(digests[0]).toHaveLength(32);
  expect(digests[1]).toBe(digests[0]);
  expect(new Set(digests).size).toBe(3);
  expect(await digestOf(digester, Buffer.from(memory.buffer, 1), 99_999)).toBe(digests[3]);
  // Used again, with one bit changed.
  memory[50_000]! ^= 1;
  expect(digests).not.toContain(await digestOf(digester, memory));
  memory[50_000]! ^= 1;
  expect(await digestOf(digester, memory)).toBe(digests[0]);
});

it('who waits when the thread ends is told, and nobody waits any more', async () => {
  const digester = await startedDigester();
  // More than there is: that ends it.
  const waiting = [digestOf(digester, filled(10, 1)), digestOf(digester, filled(10, 1), 11), digestOf(digester, filled(10, 1))];
  // The first may have been answered already.
  const [, ...others] = await Promise.all(waiting);
  expect(others).toEqual(['', '']);
  expect(digester.ready).toBe(false);
});
