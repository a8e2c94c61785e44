import { KiteError } from '@kitemq/runtime';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/services/failure-sentence.ts';

const system = (code: string, path?: string): Error => Object.assign(new Error(`${code}: bad`), { code, ...(path === undefined ? {} : { path }) });

describe('failureOf', () => {
  it.each([
    ['EACCES', 'no permission to write /d'],
    ['EROFS', '/d is on a read-only file system'],
    ['ENOSPC', 'the disk that holds /d is full'],
    ['ENOTDIR', '/d cannot be created because a part of the path is a file'],
    ['EEXIST', '/d exists and is a file'],
    ['EIO', 'the disk that holds /d reported an input/output error'],
  ])('says what to do about %s, also below other errors', (code, beginning) => {
    const { sentence, exitCode } = failureOf(new KiteError('KITE_STORE_OPEN', 'the store did not open', { cause: new Error('x', { cause: system(code, '/d') }) }));
    expect(sentence.startsWith(beginning)).toBe(true);
    expect(sentence).not.toContain('\n');
    expect(exitCode).toBe(1);
  });

  it('names address and reason when it cannot listen', () => {
    const error = (code: string): KiteError => new KiteError('KITE_LISTEN_FAILED', 'm', { cause: system(code), details: { host: '127.0.0.1', port: 9876 } });
    expect(failureOf(error('EADDRINUSE')).sentence).toBe('127.0.0.1:9876 is already in use: stop the process that has it, or choose another port');
    expect(failureOf(error('EADDRNOTAVAIL')).sentence).toContain('is not an address of this machine');
    expect(failureOf(error('EWHATEVER')).sentence).toBe('m');
  });

  it('names the process that holds the data directory', () => {
    const locked = new KiteError('KITE_DISK_LOCKED', 'm', { details: { path: '/d/lock', pid: 42 } });
    const { sentence } = failureOf(new KiteError('KITE_STORE_OPEN', 'the store cannot be opened', { cause: locked }));
    expect(sentence).toContain('in use by process 42');
  });

  it('tells wrong settings apart from failures', () => {
    expect(failureOf(new KiteError('KITE_CONFIG_INVALID', 'm'))).toEqual({ sentence: 'm', exitCode: 2 });
    expect(failureOf(new KiteError('KITE_USAGE', 'm')).exitCode).toBe(2);
    expect(failureOf(new Error('m'))).toEqual({ sentence: 'm', exitCode: 1 });
    expect(failureOf('text')).toEqual({ sentence: 'text', exitCode: 1 });
    expect(failureOf(new Error('')).sentence).not.toBe('');
  });

  it('ends on causes that go round in circles', () => {
    const error = new Error('round');
    error.cause = error;
    expect(failureOf(error).sentence).toBe('round');
  });
});
