import { expect, it } from 'vitest';
import { cachedChunksMax, ChunkCache } from '../../src/views/chunk-cache.ts';
import { entriesPerChunk, entryBytes } from '../../src/views/queue-entry.ts';

const full = (): Uint8Array => new Uint8Array(entriesPerChunk * entryBytes);

it('keeps full chunks only, each under its queue and number', () => {
  const cache = new ChunkCache();
  const chunk = full();
  cache.add(3, 7, chunk);
  cache.add(3, 8, chunk.subarray(entryBytes));
  expect(cache.get(3, 7)).toBe(chunk);
  expect(cache.get(3, 8)).toBeUndefined();
  expect(cache.get(7, 3)).toBeUndefined();
  cache.remove(3, 7);
  expect(cache.get(3, 7)).toBeUndefined();
  cache.add(1, 2 ** 26, chunk);
  expect(cache.get(2, 0)).toBeUndefined();
});

it('forgets the oldest', () => {
  const cache = new ChunkCache();
  for (let number = 0; number <= cachedChunksMax; number++) cache.add(0, number, full());
  expect(cache.size).toBe(cachedChunksMax);
  expect(cache.get(0, 0)).toBeUndefined();
  expect(cache.get(0, 1)).toBeDefined();
});
