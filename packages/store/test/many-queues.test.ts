import { describe, expect, it } from 'vitest';
import { LogStore } from '../src/index.ts';
import { appendLater, bodies, message, read, startedStore, storeOptions, temporaryFolder } from './support.ts';

const topics = 100;
const queues = 30;

async function fill(store: LogStore, round: number): Promise<void> {
  const waiters = [];
  for (let topic = 0; topic < topics; topic++) {
    for (let queueId = 0; queueId < queues; queueId++) waiters.push(appendLater(store, message(`${topic}/${queueId}/${round}`, { topic: `T${topic}`, queueId })));
  }
  for (const waiter of waiters) await waiter.done;
}

describe('many queues', () => {
  it('have what was put into each, before and after starts that find them in a checkpoint', async () => {
    const options = storeOptions(temporaryFolder(), { segmentBytes: 1024 * 1024, hotTailBytes: 0, checkpointIntervalMs: 5 });
    for (let round = 0; round < 3; round++) {
      const store = new LogStore(options);
      const { replayedRecords } = await store.start();
      expect(replayedRecords).toBe(0);
      await fill(store, round);
      await store.shutdown();
    }
    const store = await startedStore(options);
    expect([...store.queues()]).toHaveLength(topics * queues);
    for (let topic = 0; topic < topics; topic += 7) {
      for (let queueId = 0; queueId < queues; queueId += 3) {
        expect(store.maxOffset(`T${topic}`, queueId)).toBe(3);
        expect(bodies(await read(store, { topic: `T${topic}`, queueId }))).toEqual([0, 1, 2].map((round) => `${topic}/${queueId}/${round}`));
      }
    }
  });
});
