// Runs official clients against a real server. See README.md; `node run.mjs --help` lists the options.
import { parseArgs } from 'node:util';

import { javaMissing, killServicesAtExit, startCluster } from '@kitemq/tool-targets';

import { runAliOns } from './src/ali-ons-run.mjs';
import { runJavaClient } from './src/java-run.mjs';
import { runOwnClient } from './src/own-client-run.mjs';

const HELP = `node tools/conformance/run.mjs [options]

  --target kitemq|apache     what is tested (default kitemq, from the bundles in apps/*/dist)
  --client NAME              5.5.0, 4.9.7 (the official Java client), ali-ons, own (the
                             integration tests of packages/client), or all (default)
  --flush sync|async         flush mode of the broker (default sync)
  --only TEXT                only scenarios whose name contains TEXT (may be repeated; Java clients)
  --keep                     leave the servers' directory with data and logs
`;

const JAVA_CLIENTS = ['5.5.0', '4.9.7'];
const CLIENTS = [...JAVA_CLIENTS, 'ali-ons', 'own'];

/** @param {string} line */
function print(line) {
  process.stdout.write(`${line}\n`);
}

/** @returns {never} @param {string} message */
function usage(message) {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exit(2);
}

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'kitemq' },
    client: { type: 'string', default: 'all' },
    flush: { type: 'string', default: 'sync' },
    only: { type: 'string', multiple: true, default: [] },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/**
 * One client against a cluster of its own.
 * @param {string} client
 * @param {{ target: 'kitemq' | 'apache', flush: 'sync' | 'async', only: string[], keep: boolean }} options
 */
async function runClient(client, { target, flush, only, keep }) {
  print(`\n# client ${client} against ${target}, flush ${flush}`);
  const cluster = await startCluster({ target, flush, settings: { autoCreateTopicEnable: true }, log: print });
  let totals = { passed: 0, failed: 1 };
  try {
    if (client === 'ali-ons') totals = await runAliOns(cluster, { print });
    else if (client === 'own') totals = await runOwnClient(cluster, { print });
    else totals = await runJavaClient(cluster, { client, only, print });
  } finally {
    const keepDir = keep || totals.failed > 0;
    await cluster.stop({ keep: keepDir });
    if (keepDir) print(`servers' data and logs: ${cluster.dir}`);
  }
  return totals;
}

async function main() {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { target, client, flush } = values;
  if (target !== 'kitemq' && target !== 'apache') usage(`--target is kitemq or apache, not ${target}`);
  if (flush !== 'sync' && flush !== 'async') usage(`--flush is sync or async, not ${flush}`);
  const clients = client === 'all' ? CLIENTS : [client];
  for (const c of clients) if (!CLIENTS.includes(c)) usage(`--client is one of ${CLIENTS.join(', ')}, all; not ${c}`);
  killServicesAtExit();
  const missing = javaMissing();
  let passed = 0;
  let failed = 0;
  for (const c of clients) {
    if (missing !== undefined && (JAVA_CLIENTS.includes(c) || target === 'apache')) {
      print(`SKIPPED: client ${c} against ${target}: ${missing}`);
      continue;
    }
    const totals = await runClient(c, { target, flush, only: values.only, keep: values.keep });
    passed += totals.passed;
    failed += totals.failed;
  }
  print(`\n${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exit(await main());
