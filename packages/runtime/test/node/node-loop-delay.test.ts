import { NodeLoopDelay } from '@kitemq/runtime';
import { expect, test, vi } from 'vitest';

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('tells how long the event loop was busy since it was asked last', async () => {
  const loop = new NodeLoopDelay();
  expect(loop.take()).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 20));
  loop.take();
  let max = 0;
  await vi.waitFor(
    async () => {
      blockFor(60);
      await new Promise((resolve) => setTimeout(resolve, 5));
      max = Math.max(max, loop.take()?.max ?? 0);
      expect(max).toBeGreaterThan(50);
    },
    { timeout: 10_000 },
  );
});
