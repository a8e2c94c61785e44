import * as fc from 'fast-check';
import { memoryKeyValueStores, silentLogger, type KeyValueBatch, type KeyValueStore } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { CapturedBatch } from '../../src/checkpoint/captured-batch.ts';
import { SealedRows } from '../../src/checkpoint/sealed-rows.ts';

type Step = { readonly kind: 'put' | 'removeRange'; readonly first: Uint8Array; readonly second: Uint8Array } | { readonly kind: 'remove'; readonly first: Uint8Array };

const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 4 });
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant('put' as const), first: key, second: fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.integer({ min: 0, max: 400_000 }).map((length) => new Uint8Array(length).fill(7))) }),
    fc.record({ kind: fc.constant('remove' as const), first: key }),
    fc.record({ kind: fc.constant('removeRange' as const), first: key, second: key }),
  ),
  { maxLength: 20 },
);

function apply(batch: KeyValueBatch, all: readonly Step[]): void {
  // One buffer for all, as views do.
  const scratch = Buffer.alloc(500_000);
  for (const step of all) {
    scratch.set(step.first);
    const first = scratch.subarray(0, step.first.length);
    if (step.kind === 'remove') batch.remove(first);
    else {
      scratch.set(step.second, 8);
      const second = scratch.subarray(8, 8 + step.second.length);
      if (step.kind === 'put') batch.put(first, second);
      else batch.removeRange(first, second);
    }
  }
}

const sealedRows = (): SealedRows => new SealedRows(memoryKeyValueStores()('/rows'), silentLogger);

function rowsOf(store: KeyValueStore): [string, string][] {
  const rows: [string, string][] = [];
  store.range(Buffer.of(0), Buffer.of(255), (name, value) => void rows.push([Buffer.from(name).toString('hex'), Buffer.from(value).toString('hex')]));
  return rows;
}

describe('a captured batch', () => {
  it('does what was told to it, in order, as often as it is asked to', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const direct = sealedRows();
        direct.commitSync((batch) => apply(batch, all));
        const captured = new CapturedBatch();
        apply(captured, all);
        const stored = sealedRows();
        stored.commitSealedSync(captured.fill);
        stored.commitSealedSync(captured.fill);
        // The second time removals may take more than the first left.
        direct.commitSync((batch) => apply(batch, all));
        expect(rowsOf(stored)).toEqual(rowsOf(direct));
        expect(captured.count).toBe(all.length);
        expect(captured.bytes).toBe(all.reduce((sum, step) => sum + (step.kind === 'put' ? step.first.length + step.second.length : 0), 0));
      }),
      { numRuns: 50 },
    );
  });

  it('forgets what it had when it is cleared, and takes the next changes in the same memory', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const captured = new CapturedBatch();
        apply(captured, first);
        captured.clear();
        expect([captured.count, captured.bytes]).toEqual([0, 0]);
        apply(captured, second);
        const direct = sealedRows();
        direct.commitSync((batch) => apply(batch, second));
        const stored = sealedRows();
        stored.commitSealedSync(captured.fill);
        expect(rowsOf(stored)).toEqual(rowsOf(direct));
      }),
      { numRuns: 50 },
    );
  });
});
