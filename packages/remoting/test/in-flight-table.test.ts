import { describe, expect, it } from 'vitest';
import { InFlightTable } from '../src/in-flight-table.ts';
import { PendingInvoke } from '../src/pending-invoke.ts';
import { echo } from './support.ts';

const pending = (): PendingInvoke<typeof echo> => new PendingInvoke(echo, {}, 1_000, () => {});

describe('the in-flight table', () => {
  it('counts opaques through the negative numbers, as Apache’s counter does, and skips those in use', () => {
    const table = new InFlightTable(10, 0x7f_ff_ff_fe);
    const first = pending();
    table.add(first);
    expect(first.opaque).toBe(0x7f_ff_ff_fe);
    expect([table.newOpaque(), table.newOpaque()]).toEqual([0x7f_ff_ff_ff, -0x80_00_00_00]);
    const restarted = new InFlightTable(10, -1);
    for (const opaque of [-1, 0, 1]) {
      const each = pending();
      restarted.add(each);
      expect(each.opaque).toBe(opaque);
    }
    const busy = new InFlightTable(10, 5);
    busy.add(pending());
    (busy as unknown as { nextOpaque: number }).nextOpaque = 5;
    expect(busy.newOpaque()).toBe(6);
  });

  it('gives each request out once, and refuses more than its limit', () => {
    const table = new InFlightTable(1);
    const only = pending();
    table.add(only);
    expect(() => table.add(pending())).toThrow(expect.objectContaining({ code: 'KITE_TOO_MANY_REQUESTS' }));
    expect(table.take(only.opaque)).toBe(only);
    expect(table.take(only.opaque)).toBeUndefined();
    table.remove(only);
    expect(table.size).toBe(0);
  });

  it('does not remove a request that took over an opaque', () => {
    const table = new InFlightTable(5);
    const first = pending();
    table.add(first);
    table.take(first.opaque);
    (table as unknown as { nextOpaque: number }).nextOpaque = first.opaque;
    const second = pending();
    table.add(second);
    expect(second.opaque).toBe(first.opaque);
    table.remove(first);
    expect(table.size).toBe(1);
  });
});
