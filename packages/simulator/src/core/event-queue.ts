import type { Incarnation } from './incarnation.ts';

/** Something that will happen at a virtual time, unless it is cancelled or its owner dies first. */
export interface SimulatedEvent {
  time: number;
  sequence: number;
  /** Undefined: belongs to the world itself (a cable, a disk platter). */
  readonly owner: Incarnation | undefined;
  readonly callback: () => void;
  cancelled: boolean;
}

const isBefore = (a: SimulatedEvent, b: SimulatedEvent): boolean => a.time < b.time || (a.time === b.time && a.sequence < b.sequence);

/** A binary heap of events by time, then by the order in which they were scheduled. */
export class EventQueue {
  readonly #heap: SimulatedEvent[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): SimulatedEvent | undefined {
    return this.#heap[0];
  }

  push(event: SimulatedEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  pop(): SimulatedEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
