import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allCommands } from '@kitemq/protocol';
import { expect, it } from 'vitest';
import { processorTable } from '../src/processor-table.ts';
import type { BrokerParts } from '../src/processor-table.ts';

/** The table asks its parts for nothing while it is made, except the processors of the hot path. */
function servedCodes(): number[] {
  const parts = { context: { logger: {} }, send: { processV1: () => {}, processV2: () => {} }, pull: { process: () => {} } } as unknown as BrokerParts;
  return [...processorTable(parts).keys()].toSorted((a, b) => a - b);
}

function codesTable(): string {
  const served = new Set(servedCodes());
  const rows = allCommands().filter(({ code }) => served.has(code)).toSorted((a, b) => a.code - b.code);
  return ['| code | request | what it does |', '| --- | --- | --- |', ...rows.map(({ code, name, summary }) => `| ${code} | ${name} | ${summary} |`)].join('\n');
}

it('the README lists exactly the request codes that are served', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const listed = /<!-- codes:start -->\n([\s\S]*?)\n?<!-- codes:end -->/.exec(readme)?.[1];
  expect(listed).toBe(codesTable());
});

it('what plain producers and pull consumers need is served', () => {
  expect(servedCodes()).toEqual(expect.arrayContaining([10, 310, 320, 11, 361, 14, 15, 29, 30, 31, 32, 33, 34, 35, 36, 38, 41, 42, 46]));
});
