import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

import { mavenClasspath } from '@kitemq/tool-targets';

const PROJECT = fileURLToPath(new URL('../java', import.meta.url));

/** Client 4.9.7 writes what it does to its standard output. */
const CLIENT_LOG = /^\d\d:\d\d:\d\d\.\d+ \[|^RocketMQLog:/;

/** @typedef {{ passed: number, failed: number }} Totals */

/**
 * Runs the Java program against a cluster and does to the broker what the program asks for.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @param {{ client: string, only: string[], print: (line: string) => void }} options
 * @returns {Promise<Totals>}
 */
export async function runJavaClient(cluster, { client, only, print }) {
  const classpath = await mavenClasspath(PROJECT, { version: client, log: print });
  const flags = [
    '-Xmx512m',
    '-Djava.net.preferIPv4Stack=true',
    `-Duser.home=${path.join(cluster.dir, `client-${client}`)}`,
    `-Drocketmq.client.logRoot=${path.join(cluster.dir, `client-${client}`, 'log')}`,
    '-Drocketmq.client.logLevel=WARN',
  ];
  const child = spawn('java', [...flags, '-cp', classpath, 'kitemq.conformance.Main', cluster.namesrvAddr, client, ...only], { stdio: ['pipe', 'pipe', 'inherit'] });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  /** @type {Totals} */
  const totals = { passed: 0, failed: 0 };
  let sawTotals = false;
  for await (const line of readline.createInterface({ input: child.stdout })) {
    if (line.startsWith('@')) {
      child.stdin.write(`${await act(cluster, line.slice(1))}\n`);
      continue;
    }
    if (CLIENT_LOG.test(line)) continue;
    const end = /^(\d+) passed, (\d+) failed$/.exec(line);
    if (end === null) print(line);
    else {
      totals.passed = Number(end[1]);
      totals.failed = Number(end[2]);
      sawTotals = true;
    }
  }
  process.removeListener('exit', killChild);
  if (!sawTotals) {
    print('FAIL  the Java program ended before its last line');
    totals.failed += 1;
  }
  return totals;
}

/** @param {import('@kitemq/tool-targets').Cluster} cluster @param {string} request @returns {Promise<string>} */
async function act(cluster, request) {
  const [verb, ...settings] = request.split(' ');
  try {
    if (verb === 'kill-broker') await cluster.broker.kill();
    else if (verb === 'stop-broker') {
      const { clean, code } = await cluster.broker.stop();
      const expected = cluster.options.target === 'apache' ? 143 : 0; // a JVM ends so on SIGTERM
      if (!clean || code !== expected) return `the broker did not stop cleanly (exit code ${code})`;
    } else if (verb === 'start-broker') await cluster.startBroker(Object.fromEntries(settings.map((s) => s.split('=', 2))));
    else return `unknown request ${request}`;
    return 'done';
  } catch (error) {
    return error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
  }
}
