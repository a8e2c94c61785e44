import { KiteError } from '@kitemq/runtime';

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Delays in ms of the levels 1, 2, … from `1s 5s 1m`. @throws KiteError `KITE_CONFIG_INVALID` */
export function levelsOf(text: string): number[] {
  return text.split(' ').map((part) => {
    const unit = unitMs[part.at(-1) ?? ''];
    const count = Number(part.slice(0, -1));
    if (unit === undefined || !Number.isInteger(count)) {
      throw new KiteError('KITE_CONFIG_INVALID', `messageDelayLevel has "${part}"; a delay is a number and one of s, m, h, d.`);
    }
    return count * unit;
  });
}
