import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyStage } from '../../src/views/key-stage.ts';

it('staged hashes are taken in order, and the newest can be dropped', () => {
  const step = fc.oneof(
    fc.nat(900).map((count) => ({ kind: 'add' as const, count })),
    fc.nat(900).map((count) => ({ kind: 'take' as const, count })),
    fc.nat(20).map((count) => ({ kind: 'drop' as const, count })),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stage = new KeyStage();
      const model: number[] = [];
      let next = 2 ** 32 - 5000;
      for (const { kind, count } of steps) {
        if (kind === 'add') {
          for (let index = 0; index < count; index++) {
            next = (next + 1) % 2 ** 32;
            stage.addHash(next);
            model.push(next);
          }
        } else if (kind === 'take') {
          for (let left = Math.min(count, model.length); left > 0; left--) expect(stage.take()).toBe(model.shift());
        } else {
          const dropped = Math.min(count, model.length);
          stage.drop(dropped);
          model.length -= dropped;
        }
        expect(stage.count).toBe(model.length);
      }
      expect(stage.isFull).toBe(false);
    }),
    { numRuns: 50 },
  );
});
