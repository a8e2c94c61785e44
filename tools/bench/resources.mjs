// What a broker takes of the machine when it has much to look after, with bounds. See README.md; `node resources.mjs --help`.
import os from 'node:os';
import { parseArgs } from 'node:util';

import { killServicesAtExit } from '@kitemq/tool-targets';

import { deepBacklog } from './src/resources/deep-backlog.mjs';
import { flatCost } from './src/resources/flat-cost.mjs';
import { manyConnections } from './src/resources/many-connections.mjs';
import { manyQueues } from './src/resources/many-queues.mjs';
import { hugeLog, manySegments } from './src/resources/many-segments.mjs';

/** @type {Record<string, import('./src/resources/common.mjs').Check>} */
const checks = { queues: manyQueues, connections: manyConnections, backlog: deepBacklog, cost: flatCost, segments: manySegments, huge: hugeLog };

const HELP = `node tools/bench/resources.mjs [options]

  --only A,B,…   of: ${Object.keys(checks).join(', ')} (default all)
  --quick        a tenth or less of everything: does it work

Prints a table; exit code 1 when a bound is broken. Needs Linux, \`npm run build\`, and for 10 000 connections \`ulimit -n\` of 11 000.
`;

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });

/** @param {string} line */
const log = (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} load ${os.loadavg()[0]?.toFixed(1)}  ${line}\n`);

/** @param {number} value */
const shown = (value) => (Number.isInteger(value) || Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3));

async function main() {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  killServicesAtExit();
  let broken = 0;
  process.stdout.write('| measured | value | bound | |\n| --- | ---: | ---: | --- |\n');
  for (const name of values.only?.split(',') ?? Object.keys(checks)) {
    const check = checks[name];
    if (check === undefined) throw new Error(`--only ${name}: there is ${Object.keys(checks).join(', ')}`);
    for (const { what, value, unit, max } of await check({ quick: values.quick, log: (line) => log(`${name}: ${line}`) })) {
      const isBroken = max !== undefined && !(value <= max);
      if (isBroken) broken += 1;
      process.stdout.write(`| ${what} | ${shown(value)} ${unit} | ${max === undefined ? '' : `≤ ${shown(max)}`} | ${isBroken ? 'BROKEN' : ''} |\n`);
    }
  }
  process.stdout.write(`\n${broken} bounds broken\n`);
  return broken === 0 ? 0 : 1;
}

process.exit(await main());
