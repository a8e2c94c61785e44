import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { NewestRecords } from '../../src/read/newest-records.ts';

it('gives the newest of what was added, newest first, up to a time', () => {
  const added = fc.array(fc.record({ position: fc.nat(), storeTimestamp: fc.nat(20) }), { maxLength: 100 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), added, fc.nat(20), (countMax, records, time) => {
      const newest = new NewestRecords(countMax);
      for (const { position, storeTimestamp } of records) newest.add(position, storeTimestamp);
      const expected = records.toSorted((a, b) => b.storeTimestamp - a.storeTimestamp || b.position - a.position).slice(0, countMax);
      const taken: number[] = [];
      for (const limit of [time, -1]) {
        for (let position = newest.takeNewerThan(limit); position !== undefined; position = newest.takeNewerThan(limit)) taken.push(position);
        expect(taken).toEqual(expected.filter(({ storeTimestamp }) => storeTimestamp > limit).map(({ position }) => position));
      }
    }),
  );
});
