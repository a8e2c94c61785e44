import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

import { createTopic } from '@kitemq/tool-targets';

const CLIENT = fileURLToPath(new URL('../ali-ons/client.mjs', import.meta.url));

/**
 * Runs the ali-ons scenarios in a process of their own.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @param {{ print: (line: string) => void }} options
 * @returns {Promise<import('./java-run.mjs').Totals>}
 */
export async function runAliOns(cluster, { print }) {
  const run = Date.now().toString(36);
  // This client does not fall back to the auto-create template for a topic without a route.
  for (const topic of ['ons', 'ons-tags', 'ons-big']) await createTopic(cluster, `${topic}-${run}`, 4);
  const env = { ...process.env, HOME: cluster.dir }; // it logs into the home directory
  const child = spawn(process.execPath, [CLIENT, cluster.namesrvAddr, run], { stdio: ['ignore', 'pipe', fs.openSync(path.join(cluster.dir, 'ali-ons.err'), 'a')], env });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  let totals = { passed: 0, failed: 1 };
  for await (const line of readline.createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) })) {
    const end = /^(\d+) passed, (\d+) failed$/.exec(line);
    if (end === null) print(line);
    else totals = { passed: Number(end[1]), failed: Number(end[2]) };
  }
  process.removeListener('exit', killChild);
  return totals;
}
