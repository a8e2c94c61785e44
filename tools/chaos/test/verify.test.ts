import { describe, expect, it } from 'vitest';

import { bodyOf, Ledger, messageKey, parseKey } from '../src/ledger.mjs';
import { checkQueue } from '../src/verify.mjs';

function queueOf(keys: string[]): { queueId: number; offset: number; body: Buffer }[] {
  return keys.map((key, offset) => ({ queueId: 0, offset, body: bodyOf(key) }));
}

function check(messages: ReturnType<typeof queueOf>, sent: number): string[] {
  const ledger = new Ledger();
  for (let i = 0; i < sent; i += 1) ledger.next(1);
  const problems: string[] = [];
  checkQueue(messages, { ledger, inOrder: true, stored: new Map(), problems });
  return problems.map((problem) => problem.slice(0, problem.indexOf(':')));
}

describe('the check of a queue after the kills', () => {
  it('accepts what was sent, also with unacknowledged messages missing', () => {
    expect(check(queueOf(['1:0', '1:2', '1:3']), 4)).toEqual([]);
  });

  it('sees a message that nobody sent, one twice, one out of order', () => {
    expect(check(queueOf(['1:0', '1:7']), 4)).toEqual(['invented']);
    expect(check(queueOf(['1:0', '1:0']), 4)).toEqual(['twice']);
    expect(check(queueOf(['1:2', '1:1']), 4)).toEqual(['order']);
  });

  it('sees a gap and a changed byte', () => {
    const messages = queueOf(['1:0', '1:1', '1:2']);
    expect(check([messages[0]!, messages[2]!], 4)).toEqual(['gap']);
    const changed = Buffer.concat([Buffer.from('1:1\n'), Buffer.from('other')]);
    expect(check([messages[0]!, { ...messages[1]!, body: changed }], 4)).toEqual(['changed']);
  });

  it('keys parse back', () => {
    expect(parseKey(messageKey(3, 12))).toEqual({ producer: 3, sequence: 12 });
  });
});
