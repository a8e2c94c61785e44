import { describe, expect, it } from 'vitest';
import { bytesText, WorkProgress } from '../../src/work/work-progress.ts';

class Target {
  text = '';
  readonly isTTY: boolean;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

const clockAt = (time: { now: number }): { now: () => number; monotonic: () => number } => ({ now: () => time.now, monotonic: () => time.now });

describe('progress of long work', () => {
  it('is a bar that is drawn over itself on a terminal, and taken away at the end', () => {
    const [target, time] = [new Target(true), { now: 0 }];
    const progress = new WorkProgress(target, clockAt(time));
    progress.show('reading', 0, 100);
    time.now = 50;
    progress.show('reading', 20, 100);
    expect(target.text).toBe('\r\u001b[Kreading [..............................]   0 % 0 B of 100 B');
    time.now = 2000;
    progress.show('reading', 50, 100);
    expect(target.text).toContain('\r\u001b[Kreading [###############...............]  50 % 50 B of 100 B, 25 B/s, 2 s left');
    progress.end();
    expect(target.text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is a line every ten seconds elsewhere', () => {
    const [target, time] = [new Target(false), { now: 0 }];
    const progress = new WorkProgress(target, clockAt(time));
    for (; time.now < 25_000; time.now += 1000) progress.show('copying', time.now * 1000, 100_000_000);
    progress.end();
    expect(target.text).toBe('copying: 10 %, 9.5 MiB of 95.4 MiB, 977 KiB/s, 2 min left\ncopying: 20 %, 19.1 MiB of 95.4 MiB, 977 KiB/s, 2 min left\n');
  });

  it('gives bytes in the unit that fits', () => {
    expect([0, 1023, 1024, 150_000, 5 * 1024 ** 3].map(bytesText)).toEqual(['0 B', '1023 B', '1.0 KiB', '146 KiB', '5.0 GiB']);
  });
});
