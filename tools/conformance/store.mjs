// Stores that go from Apache RocketMQ to KiteMQ and back. See README.md.
import { parseArgs } from 'node:util';

import { javaMissing, killServicesAtExit } from '@kitemq/tool-targets';

import { moveStore } from './src/store-move.mjs';

const HELP = `node tools/conformance/store.mjs [options]

  --only TEXT   only moves whose name contains TEXT: import, link, place, export
  --keep        leave the directories with data and logs
`;

/** @typedef {Omit<Parameters<typeof moveStore>[0], 'keep' | 'print'> & { name: string }} Move */
/** @type {Move[]} */
const MOVES = [
  { name: 'import link', from: 'apache', to: 'kitemq', how: 'import', link: true },
  { name: 'in place', from: 'apache', to: 'kitemq', how: 'in place' },
  { name: 'export link', from: 'kitemq', to: 'apache', how: 'export', link: true },
];

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, keep: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const missing = javaMissing();
  if (missing !== undefined) {
    print(`SKIPPED: stores of Apache RocketMQ 5.5.0: ${missing}`);
    return 0;
  }
  killServicesAtExit();
  let passed = 0;
  let failed = 0;
  for (const { name, ...move } of MOVES) {
    if (!name.includes(values.only)) continue;
    const totals = await moveStore({ ...move, keep: values.keep, print });
    passed += totals.passed;
    failed += totals.failed;
  }
  print(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
