import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { memoryKeyValueStores } from '@kitemq/runtime';
import { expect, it } from 'vitest';
import { importApacheStore } from '../../src/index.ts';
import { fastRuntime } from '../fast-disk.ts';
import { ownFolder, readAll, storeOptions } from '../support.ts';
import { LogStore } from '../../src/index.ts';
import { ApacheFixture } from './apache-fixture.ts';

type Step = { readonly do: 'send'; readonly topic: number; readonly queueId: number; readonly count: number; readonly bytes: number } | { readonly do: 'delete'; readonly topic: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('send' as const), topic: fc.nat(2), queueId: fc.nat(1), count: fc.integer({ min: 1, max: 30 }), bytes: fc.nat(600) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), topic: fc.nat(2) }) },
  ),
  { minLength: 1, maxLength: 40 },
);

it('whatever was sent, deleted and made again: the new store has what Apache would serve', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(3), async (plan, firstSegment) => {
      const { path, remove } = ownFolder();
      const [source, target] = [join(path, 'apache'), join(path, 'new')];
      try {
        const fixture = new ApacheFixture({ firstSegment });
        const wanted = new Map<string, string[]>();
        let number = 0;
        for (const step of plan) {
          const topic = `T${step.topic}`;
          if (step.do === 'delete') {
            fixture.deleteTopic(topic);
            for (const key of [...wanted.keys()]) if (key.startsWith(`${topic}/`)) wanted.delete(key);
            continue;
          }
          const bodies = wanted.get(`${topic}/${step.queueId}`) ?? [];
          wanted.set(`${topic}/${step.queueId}`, bodies);
          for (let index = 0; index < step.count; index++) {
            const body = `${number++} ${'x'.repeat(step.bytes)}`;
            fixture.send({ topic, queueId: step.queueId, body });
            bodies.push(body);
          }
        }
        fc.pre(number > 0);
        fixture.write(source);
        // All topics gone: Apache's index is an empty folder.
        mkdirSync(join(source, 'consumequeue'), { recursive: true });
        const common = { runtime: fastRuntime(), afterCrash: false, damaged: false, prepare: () => undefined, carry: () => Promise.resolve({ counts: {}, notes: [] }), isKnownTopic: () => false };
        await importApacheStore({ ...common, source, target, mode: 'link', openKeyValue: memoryKeyValueStores() });
        const store = new LogStore(storeOptions(target, { runtime: fastRuntime(), segmentBytes: 16 * 1024 }));
        await store.start();
        try {
          for (const [key, bodies] of wanted) {
            const [topic, queueId] = key.split('/') as [string, string];
            expect(await readAll(store, topic, Number(queueId))).toEqual(bodies);
          }
          const served = Array.from(store.queues()).filter(({ topic, queueId }) => store.maxOffset(topic, queueId) > 0);
          expect(served.map(({ topic, queueId }) => `${topic}/${queueId}`).sort()).toEqual([...wanted.keys()].sort());
        } finally {
          await store.shutdown();
        }
      } finally {
        remove();
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
