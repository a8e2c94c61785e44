import { expect, it, onTestFinished, vi } from 'vitest';
import { NodeDigester } from '@kitemq/runtime';

async function startedDigester(): Promise<NodeDigester> {
  const digester = new NodeDigester();
  onTestFinished(() => digester.close());
  await vi.waitFor(() => expect(digester.ready).toBe(true), { timeout: 10_000 });
  return digester;
}

const digestOf = (digester: NodeDigester, memory: Buffer, length = memory.length): Promise<{ memory: Buffer | undefined; digest: string }> =>
  new Promise((resolve) => digester.digest(memory, length, (back, digest) => resolve({ memory: back, digest: Buffer.from(digest ?? []).toString('hex') })));

const filled = (bytes: number, fill: number): Buffer => Buffer.from(new ArrayBuffer(bytes)).fill(fill);

it('the same bytes have the same digest, others another; the memory comes back as it was', async () => {
  const digester = await startedDigester();
  const memory = filled(100_000, 1);
  const answers = await Promise.all([digestOf(digester, memory), digestOf(digester, filled(100_000, 1)), digestOf(digester, filled(100_000, 2)), digestOf(digester, filled(100_000, 1), 99_999)]);
  expect(memory.length).toBe(0);
  expect(answers[0].memory?.equals(filled(100_000, 1))).toBe(true);
  const digests = answers.map(({ digest }) => digest);
  expect(digests[0]).toHaveLength(32);
  expect(digests[1]).toBe(digests[0]);
  expect(new Set(digests).size).toBe(3);
  // Used again, with one bit changed.
  const again = answers[0].memory as Buffer;
  again[50_000]! ^= 1;
  const changed = await digestOf(digester, again);
  expect(digests).not.toContain(changed.digest);
  changed.memory![50_000]! ^= 1;
  expect((await digestOf(digester, changed.memory as Buffer)).digest).toBe(digests[0]);
});

it('who waits when the thread ends is told, and nobody waits any more', async () => {
  const digester = await startedDigester();
  // More than there is: that ends it.
  const waiting = [digestOf(digester, filled(10, 1)), digestOf(digester, filled(10, 1), 11), digestOf(digester, filled(10, 1))];
  // The first may have been answered already.
  const [, ...others] = await Promise.all(waiting);
  for (const answer of others) expect(answer).toEqual({ memory: undefined, digest: '' });
  expect(digester.ready).toBe(false);
});
