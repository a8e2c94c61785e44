import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { mavenClasspath } from '@kitemq/tool-targets';

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../java', import.meta.url));

/** Lines of the program; a client's log may be between them. */
const LINE = /^(queue|message|got|rejected) /;

/**
 * Runs a verb of StoreMain.java with the official client 5.5.0; resolves to the lines that it printed.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @param {{ print: (line: string) => void }} options
 * @param {string} verb
 * @param {(string | number)[]} args
 * @returns {Promise<string[]>}
 */
export async function storeClient(cluster, { print }, verb, ...args) {
  const classpath = await mavenClasspath(PROJECT, { version: '5.5.0', log: print });
  const home = path.join(cluster.dir, 'client-store');
  const flags = [
    '-Xmx512m',
    '-Djava.net.preferIPv4Stack=true',
    `-Duser.home=${home}`,
    `-Drocketmq.client.logRoot=${path.join(home, 'log')}`,
    '-Drocketmq.client.logLevel=WARN',
  ];
  const words = ['kitemq.conformance.StoreMain', verb, cluster.namesrvAddr, ...args.map(String)];
  try {
    const { stdout } = await run('java', [...flags, '-cp', classpath, ...words], { maxBuffer: 256 * 1024 * 1024, timeout: 240_000 });
    return stdout.split('\n').filter((line) => LINE.test(line));
  } catch (error) {
    const { stderr = '' } = /** @type {{ stderr?: string }} */ (error);
    throw new Error(`the Java client failed at ${verb}: ${stderr.trim().split('\n').slice(0, 5).join(' | ')}`, { cause: error });
  }
}
