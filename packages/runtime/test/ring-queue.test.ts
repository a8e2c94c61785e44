import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RingQueue } from '@kitemq/runtime';

test('RingQueue: behaves as an array with a limit', () => {
  const command = fc.oneof({ weight: 3, arbitrary: fc.nat() }, { weight: 2, arbitrary: fc.constant('shift' as const) }, { weight: 1, arbitrary: fc.constant('look' as const) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.array(command, { maxLength: 300 }), (limit, commands) => {
      const queue = new RingQueue<number>(limit);
      const model: number[] = [];
      for (const each of commands) {
        if (each === 'shift') expect(queue.shift()).toBe(model.shift());
        else if (each === 'look') for (let at = -1; at <= model.length; at++) expect(queue.at(at)).toBe(at < 0 ? undefined : model[at]);
        else expect(queue.push(each)).toBe(model.length < limit && model.push(each) > 0);
        expect([queue.length, queue.peek(), queue.full]).toEqual([model.length, model[0], model.length === limit]);
      }
      queue.clear();
      expect([queue.length, queue.shift()]).toEqual([0, undefined]);
    }),
  );
});

test('RingQueue: needs a limit', () => {
  expect(() => new RingQueue(0)).toThrow('limit');
  expect(() => new RingQueue(1.5)).toThrow('limit');
});
