import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsumeQueue, type QueueOwner } from '../../src/views/consume-queue.ts';
import { entriesPerChunk, entryPosition, entrySize, entryTagsCode } from '../../src/views/queue-entry.ts';
import { TopicQueues } from '../../src/views/topic-queues.ts';

/** A queue and the chunks that checkpoints stored, with what it must hold. */
class Model implements QueueOwner {
  logBegin = 0;
  readonly rows = new Map<number, Uint8Array>();
  loads = 0;
  readonly entries: number[] = [];
  readonly isOneOfMany: boolean;
  #captured: { readonly visible: number; readonly rows: Map<number, Uint8Array> } | undefined;
  queue: ConsumeQueue;

  constructor(isOneOfMany: boolean) {
    this.isOneOfMany = isOneOfMany;
    this.queue = new ConsumeQueue(new TopicQueues('T', []), 0, this);
  }

  loadChunk(_queue: ConsumeQueue, number: number): Uint8Array | undefined {
    this.loads++;
    return this.rows.get(number);
  }

  minOffsetMoved(): void {}

  chunkMissing(_queue: ConsumeQueue, number: number): void {
    expect.fail(`chunk ${number} is missing`);
  }

  add(count: number): void {
    for (let index = 0; index < count; index++) {
      const value = this.entries.length + 1;
      this.queue.add(value * 1000, value, -value);
      this.entries.push(value);
    }
  }

  capture(): void {
    if (this.#captured !== undefined) return;
    const rows = new Map<number, Uint8Array>();
    this.queue.forDirtyChunks((number, entries) => rows.set(number, new Uint8Array(entries)));
    this.#captured = { visible: this.queue.visible, rows };
  }

  /** The checkpoint is there. */
  store(): void {
    if (this.#captured === undefined) return;
    for (const [number, entries] of this.#captured.rows) this.rows.set(number, entries);
    this.queue.stored(this.#captured.visible, this.isOneOfMany);
    this.#captured = undefined;
  }

  /** What a start after an orderly stop finds. */
  restart(): void {
    this.store();
    this.capture();
    this.store();
    const { visible } = this.queue;
    this.queue = new ConsumeQueue(new TopicQueues('T', []), 0, this);
    this.queue.begin(0, visible);
  }

  check(offset: number): void {
    const number = Math.floor(offset / entriesPerChunk);
    const slot = offset % entriesPerChunk;
    const chunk = this.queue.chunk(number);
    const value = this.entries[offset];
    expect(chunk === undefined ? undefined : [entryPosition(chunk, slot), entrySize(chunk, slot), entryTagsCode(chunk, slot)]).toEqual(value === undefined ? undefined : [value * 1000, value, -value]);
  }
}

type Step = { readonly kind: 'add' | 'check'; readonly amount: number } | { readonly kind: 'capture' | 'store' | 'restart' };
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), amount: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 2 * entriesPerChunk })) }) } as never,
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('capture' as const, 'store' as const) }) } as never,
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) } as never,
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('check' as const), amount: fc.nat(10_000) }) } as never,
  ),
  { maxLength: 40 },
);

describe('a consume queue', () => {
  it('has every entry, whatever is in memory and what in the checkpoint', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (all, isOneOfMany) => {
        const model = new Model(isOneOfMany);
        for (const step of all) {
          if (step.kind === 'add') model.add(step.amount);
          else if (step.kind === 'check') {
            if (model.entries.length > 0) model.check(step.amount % model.entries.length);
          } else model[step.kind]();
        }
        expect(model.queue.visible).toBe(model.entries.length);
        for (let offset = 0; offset < model.entries.length; offset++) model.check(offset);
      }),
      { numRuns: 200 },
    );
  });

  it('that is one of few keeps the chunk being filled in memory while it gets messages', () => {
    const model = new Model(false);
    for (let round = 0; round < 3; round++) {
      model.add(20);
      model.capture();
      model.add(1);
      model.store();
    }
    model.check(0);
    expect(model.loads).toBe(0);
  });

  it('that is one of many goes on after a checkpoint without reading it, until somebody asks for what is before', () => {
    const model = new Model(true);
    model.add(50);
    model.capture();
    model.add(3);
    model.store();
    model.add(20);
    expect(model.loads).toBe(0);
    model.check(10);
    model.check(60);
    expect(model.loads).toBe(1);
  });
});
