import type { Disk } from '@kitemq/runtime';
import type { SimulatedRandom } from '@kitemq/simulator';
import type { RecoveryReport } from '@kitemq/store';
import { check } from '../check.ts';
import type { StoreLedger } from './store-ledger.ts';

/** A part of the log that somebody took away while the store was closed. */
export interface LostSegment {
  readonly from: number;
  readonly until: number;
}

/** Removes or cuts one of the segments that are neither the first nor one of the last two: those have what the checkpoint ends with. Undefined when there is none. */
export const loseSegment = (disk: Disk, storeDirectory: string, random: SimulatedRandom): LostSegment | undefined => {
  const directory = `${storeDirectory}/commitlog`;
  const starts = disk.listSync(directory).map(Number).filter(Number.isSafeInteger).sort((a, b) => a - b);
  if (starts.length < 4) return undefined;
  const index = 1 + random.below(starts.length - 3);
  const [start, until] = [starts[index]!, starts[index + 1]!];
  const path = `${directory}/${String(start).padStart(20, '0')}`;
  const kept = random.pick([0, random.below(until - start)]);
  if (kept === 0) disk.removeSync(path);
  else {
    const file = disk.openSync(path, 'write');
    file.truncateSync(kept);
    file.datasyncSync();
    file.closeSync();
  }
  disk.syncDirectorySync(directory);
  return { from: start + kept, until };
};

/** What was there is not promised any more, and the start has said so. */
export const acceptLoss = (ledger: StoreLedger, lost: LostSegment, report: RecoveryReport): void => {
  const { from, until } = lost;
  let messages = 0;
  for (const queue of ledger.allQueues) messages += queue.lost(from, until);
  ledger.events.lostMessages += messages;
  const said = report.lost.map((each) => `${each.from} to ${each.until}`).join(', ');
  const isSaid = report.lost.some((each) => each.from <= from && each.until >= until);
  check(messages === 0 || isSaid, () => `the log lost ${messages} messages from ${from} to ${until}; the start says that it lost ${said || 'nothing'}`);
  check(!report.viewsRebuilt, () => `the checkpoint was thrown away because a segment before its end is gone`);
};
