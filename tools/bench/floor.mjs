// What a broker that does nothing makes of the same generators on this machine: no broker can be better. `node tools/bench/floor.mjs --help`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { median } from './src/table.mjs';
import { wireRun } from './src/wire-process.mjs';

const HELP = `node tools/bench/floor.mjs [options]

  --seconds N   of each run (default 6)
  --rounds N    (default 3; medians are printed)
`;
const BROKER = fileURLToPath(new URL('src/idle-broker.mjs', import.meta.url));
const CASES = {
  'send 1 KiB, 4 × 64 in flight, JSON headers': { serves: 'send', args: ['--mode', 'closed', '--kind', 'json', '--warm', '1'] },
  'pull 32 × 1 KiB, 8 readers, binary headers': { serves: 'pull', args: ['--mode', 'backlog', '--kind', 'binary'] },
};

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '6' }, rounds: { type: 'string', default: '3' }, help: { type: 'boolean', default: false } } });

/** @param {string} serves @param {string[]} args */
async function run(serves, args) {
  const broker = spawn(process.execPath, [BROKER, serves], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(broker.stdout, 'data');
    const cluster = /** @type {import('@kitemq/tool-targets').Cluster} */ (/** @type {unknown} */ ({ brokerAddr: `127.0.0.1:${`${port}`.trim()}`, broker: { pid: broker.pid } }));
    return await wireRun(cluster, [...args, '--topic', 'floor', '--seconds', values.seconds]);
  } finally {
    broker.kill();
    await once(broker, 'exit');
  }
}

async function main() {
  if (values.help) return process.stdout.write(HELP);
  process.stdout.write('| a broker that does nothing | msg/s | its CPU, µs/msg | p50, ms | p99, ms |\n| --- | ---: | ---: | ---: | ---: |\n');
  for (const [name, { serves, args }] of Object.entries(CASES)) {
    /** @type {import('./src/wire-process.mjs').WireRun[]} */
    const runs = [];
    for (let round = 0; round < Number(values.rounds); round += 1) runs.push(await run(serves, args));
    const ms = (/** @type {'p50' | 'p99'} */ quantile) => (runs[0]?.latencyUs === undefined ? '–' : (median(runs.map(({ latencyUs }) => latencyUs[quantile])) / 1000).toFixed(2));
    const perSecond = Math.round(median(runs.map((each) => each.perSecond))).toLocaleString('en-US').replaceAll(',', ' ');
    process.stdout.write(`| ${name} | ${perSecond} | ${median(runs.map(({ brokerCpuUs }) => brokerCpuUs)).toFixed(2)} | ${ms('p50')} | ${ms('p99')} |\n`);
  }
  return true;
}

await main();
