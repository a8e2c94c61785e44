import type { Disk } from '@kitemq/runtime';
import { segmentPosition } from '../commit-log/segment-name.ts';
import { ApacheName, batchUnitBytes, consumeQueueUnitBytes } from './apache-layout.ts';

/** What an Apache store's own index says of a queue. */
export interface ApacheQueue {
  readonly topic: string;
  readonly queueId: number;
  /** The offset that the next message gets. */
  readonly next: number;
}

interface UnitFormat {
  readonly directory: string;
  readonly bytes: number;
  /** The offset behind the unit. `index` counts units from the queue's beginning. */
  next(unit: Buffer, index: number): number;
}

const simple: UnitFormat = { directory: ApacheName.consumeQueue, bytes: consumeQueueUnitBytes, next: (_unit, index) => index + 1 };
const batch: UnitFormat = {
  directory: ApacheName.batchConsumeQueue,
  bytes: batchUnitBytes,
  next: (unit) => Number(unit.readBigInt64BE(28)) + unit.readInt16BE(36),
};

/** Every queue with files in `consumequeue/` or `batchconsumequeue/`; undefined when there is neither folder. Reads a few units per queue. */
export function readApacheQueues(disk: Disk, store: string): ApacheQueue[] | undefined {
  const formats = [simple, batch].filter(({ directory }) => disk.statSync(`${store}/${directory}`)?.isDirectory === true);
  if (formats.length === 0) return undefined;
  return formats.flatMap((format) => {
    const root = `${store}/${format.directory}`;
    return disk.listSync(root).flatMap((topic) =>
      disk.listSync(directoryOr(disk, `${root}/${topic}`)).flatMap((name) => {
        const next = /^\d{1,9}$/.test(name) ? queueNext(disk, `${root}/${topic}/${name}`, format) : undefined;
        return next === undefined ? [] : [{ topic, queueId: Number(name), next }];
      }),
    );
  });
}

/** A path to list: itself, or one where nothing is, when it is a file. */
function directoryOr(disk: Disk, path: string): string {
  return disk.statSync(path)?.isDirectory === true ? path : `${path}/none`;
}

/** Where the queue goes on; undefined when it has no unit. */
function queueNext(disk: Disk, directory: string, format: UnitFormat): number | undefined {
  const starts = disk.listSync(directoryOr(disk, directory)).flatMap((name) => segmentPosition(name) ?? []);
  starts.sort((a, b) => b - a);
  for (const start of starts) {
    const found = lastUnit(disk, `${directory}/${String(start).padStart(20, '0')}`, format);
    if (found !== undefined) return format.next(found.unit, start / format.bytes + found.index);
    // An empty file ahead of the others; an only one says where a queue begins that has lost all its messages.
    if (start === starts.at(-1) && start > 0 && format === simple) return start / format.bytes;
  }
  return undefined;
}

/** The last used unit of a file: used ones come first, and a used one has a size. */
function lastUnit(disk: Disk, path: string, format: UnitFormat): { readonly unit: Buffer; readonly index: number } | undefined {
  const file = disk.openSync(path, 'read');
  try {
    const unit = Buffer.alloc(format.bytes);
    const isUsed = (index: number): boolean => file.readSync(unit, 0, format.bytes, index * format.bytes) === format.bytes && unit.readInt32BE(8) > 0;
    let low = 0;
    let high = Math.floor(file.sizeSync() / format.bytes);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isUsed(middle)) low = middle + 1;
      else high = middle;
    }
    return low > 0 && isUsed(low - 1) ? { unit, index: low - 1 } : undefined;
  } finally {
    file.closeSync();
  }
}
