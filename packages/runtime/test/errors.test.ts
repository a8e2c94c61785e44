import { expect, test } from 'vitest';
import { assert, KiteError, silentLogger } from '@kitemq/runtime';
import { RecordingLogger } from '@kitemq/runtime/testing';

test('KiteError: code, cause, retryable, details; known by its brand', () => {
  const cause = new Error('below');
  const error = new KiteError('KITE_X', 'do this', { cause, retryable: true, details: { port: 1 } });
  expect(error).toMatchObject({ name: 'KiteError', code: 'KITE_X', message: 'do this', cause, retryable: true, details: { port: 1 } });
  expect(new KiteError('KITE_Y', 'plain')).toMatchObject({ retryable: false, details: {} });
  expect([KiteError.is(error), KiteError.is(error, 'KITE_X'), KiteError.is(error, 'KITE_Y')]).toEqual([true, true, false]);
  const fromAnotherCopy = Object.assign(new Error('elsewhere'), { code: 'KITE_X', [Symbol.for('kitemq.error')]: true });
  expect(KiteError.is(fromAnotherCopy, 'KITE_X')).toBe(true);
  for (const other of [undefined, null, 'text', new Error('plain'), {}]) expect(KiteError.is(other)).toBe(false);
});

test('assert throws KITE_ASSERTION', () => {
  assert(1, 'fine');
  expect(() => assert(0, 'not so')).toThrow(expect.objectContaining({ code: 'KITE_ASSERTION', message: 'not so' }));
});

test('loggers: the silent one is silent, the recording one adds the fields of its parents', () => {
  silentLogger.child({ a: 1 }).error({}, 'nothing');
  const logger = new RecordingLogger({ broker: 'a' });
  logger.child({ peer: 1 }).warn({ code: 2 }, 'odd');
  expect(logger.lines).toEqual([{ level: 'warn', fields: { broker: 'a', peer: 1, code: 2 }, message: 'odd' }]);
  expect(logger.messages('info')).toEqual([]);
});
