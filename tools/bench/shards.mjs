// How a broker process scales with shards. See README.md; `node shards.mjs --help`.
import os from 'node:os';
import { parseArgs } from 'node:util';

import { killServicesAtExit, procStats, startCluster } from '@kitemq/tool-targets';

import { PORT_STEP, SpreadLoad } from './src/spread-load.mjs';
import { median } from './src/table.mjs';

const HELP = `node tools/bench/shards.mjs [options]

  --shards A,B,…    numbers of shards, measured in turns; the first is what the others are compared with (1,2)
  --generators N    processes that send, spread over the shards (2)
  --flush MODE      sync or async (async)
  --pairs N         rounds (3)
  --seconds N       measured in each (5)
  --body N          body bytes (1024)
  --connections N   of each generator (4)      --in-flight N   on each connection (64)
`;

const { values } = parseArgs({
  options: {
    shards: { type: 'string', default: '1,2' },
    generators: { type: 'string', default: '2' },
    flush: { type: 'string', default: 'async' },
    pairs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    body: { type: 'string', default: '1024' },
    connections: { type: 'string', default: '4' },
    'in-flight': { type: 'string', default: '64' },
    help: { type: 'boolean', default: false },
  },
});

/** @typedef {{ perSecond: number, cpuUs: number, rssMiB: number, idleRssMiB: number, p99Ms: number, startMs: number }} Measured */

/** @param {number} shards @returns {Promise<Measured>} */
async function measure(shards) {
  const flush = /** @type {'sync' | 'async'} */ (values.flush);
  const cluster = await startCluster({ target: 'kitemq', flush, settings: { shards, shardPortStep: PORT_STEP } });
  try {
    const load = new SpreadLoad(cluster, { shards, generators: Number(values.generators) });
    const args = ['--mode', 'closed', '--kind', 'binary', '--topic', await load.newTopic(), '--body', values.body, '--connections', values.connections, '--in-flight', values['in-flight']];
    const idleRssMiB = procStats(cluster.broker.pid).rssBytes / 2 ** 20;
    await load.run([...args, '--seconds', '2', '--warm', '0']);
    const { perSecond, cpuUs, p99Us } = await load.run([...args, '--seconds', values.seconds, '--warm', '1']);
    return { perSecond, cpuUs, idleRssMiB, startMs: cluster.broker.startMs, rssMiB: procStats(cluster.broker.pid).rssBytes / 2 ** 20, p99Ms: p99Us / 1000 };
  } finally {
    await cluster.stop();
  }
}

/** @param {Measured[]} rounds @param {keyof Measured} key */
const middle = (rounds, key) => median(rounds.map((round) => round[key]));

async function main() {
  if (values.help) return HELP;
  killServicesAtExit();
  const counts = values.shards.split(',').map(Number);
  /** @type {Map<number, Measured[]>} */
  const all = new Map(counts.map((count) => [count, []]));
  for (let pair = 0; pair < Number(values.pairs); pair += 1) {
    for (const count of counts) {
      const measured = await measure(count);
      all.get(count)?.push(measured);
      process.stderr.write(`round ${pair + 1}: ${count} shards ${Math.round(measured.perSecond)} msg/s, ${measured.cpuUs.toFixed(2)} µs/msg\n`);
    }
  }
  const base = all.get(counts[0] ?? 1) ?? [];
  const rows = [...all].map(([count, rounds]) => {
    const ratios = rounds.map((round, index) => round.perSecond / (base[index]?.perSecond ?? Number.NaN));
    const cpuRatios = rounds.map((round, index) => round.cpuUs / (base[index]?.cpuUs ?? Number.NaN));
    const spread = (/** @type {number[]} */ list) => `${median(list).toFixed(2)}× (${Math.min(...list).toFixed(2)}–${Math.max(...list).toFixed(2)})`;
    const cells = [count, Math.round(middle(rounds, 'perSecond')), spread(ratios), middle(rounds, 'cpuUs').toFixed(2), spread(cpuRatios), middle(rounds, 'p99Ms').toFixed(1)];
    return `| ${[...cells, Math.round(middle(rounds, 'idleRssMiB')), Math.round(middle(rounds, 'rssMiB')), Math.round(middle(rounds, 'startMs'))].join(' | ')} |`;
  });
  const head = '| shards | msg/s | to the first | CPU µs/msg | to the first | p99 ms | RSS idle MiB | RSS loaded MiB | start ms |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |';
  const what = `${values.flush} flush, ${values.body} bytes, ${values.generators} generators × ${values.connections} × ${values['in-flight']} in flight; ${os.cpus().length} cores for generators and broker together`;
  return `${head}\n${rows.join('\n')}\n\n${what}\n`;
}

process.stdout.write(await main());
process.exit(0);
