// Runs seeds of a simulated scenario on all cores: `node tools/sim/run.mjs --help`.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from 'esbuild';

const HELP = `node tools/sim/run.mjs [--scenario store|cluster|compaction] [--seeds 10000] [--from 1] [options]

  --seeds N       how many seeds (10000)       --from N      the first one (1)
  --workers N     processes (one per core)     --sabotage ack-before-write|ack-before-sync
  --stop-after N  end after so many failures (20)
`;

const here = dirname(fileURLToPath(import.meta.url));

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'store' },
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    sabotage: { type: 'string', default: 'none' },
    'stop-after': { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});

/** The sources as one file: nothing needs to be built before, and starting a worker takes a moment. */
async function bundle() {
  const outdir = join(here, 'dist');
  await build({
    entryPoints: [join(here, 'src', 'worker.ts')],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // LMDB stays behind the import that is never made here.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@kitemq/source'],
    external: ['lmdb', 'msgpackr-extract'],
    banner: { js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);` },
    logLevel: 'warning',
  });
  return join(outdir, 'worker.mjs');
}

/** @param {string} file @param {object} task @param {(report: any) => void} onReport */
function runWorker(file, task, onReport) {
  const child = spawn(process.execPath, [file, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, KITEMQ_VERIFY: 'all' } });
  createInterface({ input: child.stdout }).on('line', (line) => onReport(JSON.parse(line)));
  const ended = new Promise((resolve) => child.on('close', resolve));
  return { child, ended };
}

async function main() {
  const [seeds, from, workers, stopAfter] = [values.seeds, values.from, values.workers, values['stop-after']].map(Number);
  if ([seeds, from, workers, stopAfter].some((each) => !Number.isSafeInteger(each) || each < 1)) throw new Error(`--seeds, --from, --workers and --stop-after are positive integers\n\n${HELP}`);
  const file = await bundle();
  const started = performance.now();
  /** @type {Record<string, number>} */
  const totals = {};
  let done = 0;
  /** @type {{ seed: number, message: string, stack: string }[]} */
  const failures = [];
  const onReport = (report) => {
    if (report.kind === 'failure') {
      failures.push(report);
      console.log(`\nFAILED ${report.message}\n${report.stack.split('\n').slice(0, 8).join('\n')}\n`);
      if (failures.length >= stopAfter) for (const each of running) each.child.kill();
      return;
    }
    done += report.seeds;
    for (const [name, count] of Object.entries(report.totals)) totals[name] = (totals[name] ?? 0) + count;
    if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${seeds} seeds, ${failures.length} failed`);
  };
  const running = Array.from({ length: Math.min(workers, seeds) }, (_, index) => {
    const task = { scenario: values.scenario, sabotage: values.sabotage, from: from + index, end: from + seeds, step: workers };
    return runWorker(file, task, onReport);
  });
  const codes = await Promise.all(running.map((each) => each.ended));
  const seconds = (performance.now() - started) / 1000;
  console.log(`\n${values.scenario}: ${done} seeds from ${from} in ${seconds.toFixed(1)} s with ${workers} workers (${((seconds * 1000) / Math.max(done, 1)).toFixed(1)} ms each)`);
  console.log(Object.entries(totals).map(([name, count]) => `${count} ${name}`).join(', '));
  console.log(`${done - failures.length} passed, ${failures.length} failed`);
  if (failures.length > 0 || (codes.some((code) => code !== 0) && failures.length < stopAfter)) process.exitCode = 1;
}

if (values.help) console.log(HELP);
else await main();
