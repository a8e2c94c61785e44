import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/logging/create-logger.ts';
import { humanLine } from '../../src/logging/human-line.ts';

function recording(isTTY = false): { lines: string[]; isTTY: boolean; write(text: string): void } {
  const lines: string[] = [];
  return { lines, isTTY, write: (text) => void lines.push(text) };
}

describe('createLogger', () => {
  it('writes one JSON object a line where nobody watches', () => {
    const target = recording();
    createLogger({ level: 'info', format: 'auto', target }).child({ component: 'broker' }).info({ port: 10911 }, 'listening');
    expect(JSON.parse(target.lines[0] ?? '')).toMatchObject({ level: 30, component: 'broker', port: 10911, msg: 'listening' });
    expect(target.lines[0]?.endsWith('\n')).toBe(true);
  });

  it('writes text on a terminal, and where text is asked for', () => {
    const terminal = recording(true);
    createLogger({ level: 'info', format: 'auto', target: terminal }).warn({ component: 'config', key: 'a b' }, 'careful');
    expect(terminal.lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} .*warn .* config: careful/);
    expect(terminal.lines[0]).toContain('\u001B[33m');
    const file = recording();
    createLogger({ level: 'info', format: 'text', target: file }).info({ key: 'a b', n: 1 }, 'hello');
    expect(file.lines[0]).toMatch(/ info {2}hello {2}key="a b" n=1\n$/);
  });

  it('keeps back what is below the level', () => {
    const target = recording();
    const logger = createLogger({ level: 'warn', format: 'json', target });
    logger.debug({}, 'no');
    logger.info({}, 'no');
    logger.error({ err: new Error('broke') }, 'yes');
    expect(target.lines).toHaveLength(1);
    expect(JSON.parse(target.lines[0] ?? '').err).toMatchObject({ message: 'broke', type: 'Error' });
  });
});

describe('humanLine', () => {
  it('shows the message of an error, and its stack only from level error on', () => {
    const line = (level: number): string => humanLine(JSON.stringify({ level, time: 0, msg: 'm', err: { message: 'broke', stack: 'Error: broke\n  at x' } }), false);
    expect(line(40)).toMatch(/m {2}error=broke\n$/);
    expect(line(50)).toContain('\nError: broke\n  at x');
  });

  it('leaves a line alone that is no JSON', () => {
    expect(humanLine('what?\n', true)).toBe('what?\n');
  });
});
