import { describe, expect, it } from 'vitest';
import { changeAttributes } from '../../src/topics/topic-attributes.ts';

describe('attributes of a topic', () => {
  it.each<[string, Record<string, string> | undefined, object]>([
    ['', undefined, { attributes: {} }],
    ['+message.type=FIFO, +cleanup.policy=COMPACTION', undefined, { attributes: { 'message.type': 'FIFO', 'cleanup.policy': 'COMPACTION' } }],
    ['+message.type=DELAY', { 'message.type': 'FIFO' }, { attributes: { 'message.type': 'DELAY' } }],
    ['-message.type', { 'message.type': 'FIFO' }, { attributes: {} }],
    ['+reserve.time=-1', undefined, { attributes: { 'reserve.time': '-1' } }],
    ['message.type=FIFO', undefined, { error: expect.stringContaining('begin with + or -') }],
    ['+message.type', undefined, { error: expect.stringContaining('has no value') }],
    ['+message.type=FIFO,+message.type=DELAY', undefined, { error: expect.stringContaining('duplication') }],
    ['+lite.topic.expiration=99999', undefined, { error: expect.stringContaining('from -1 to 43200') }],
    ['-message.type', {}, { error: expect.stringContaining('nonexistent') }],
    ['+queue.type=BatchCQ', {}, { error: expect.stringContaining('unchangeable') }],
    ['+queue.type=SimpleCQ', {}, { attributes: { 'queue.type': 'SimpleCQ' } }],
    ['+__proto__=x', undefined, { error: expect.stringContaining('unsupported') }],
  ])('%j over %j', (text, current, expected) => {
    expect(changeAttributes(text, current)).toEqual(expected);
  });
});
