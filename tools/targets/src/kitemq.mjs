import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Service } from './service.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * The bundle of an app: of the work tree, or of the folder in KITEMQ_APPS (laid out as `apps/`), for testing another build.
 * @param {string} app @returns {string}
 */
export function bundlePath(app) {
  const file = path.join(process.env['KITEMQ_APPS'] ?? path.join(ROOT, 'apps'), app, 'dist', `${app}.mjs`);
  if (!fs.existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\` first`);
  return file;
}

/** @param {{ dir: string, port: number }} options @returns {Service} not started yet */
export function kitemqNameserver({ dir, port }) {
  return new Service({
    name: 'kitemq-nameserver',
    command: process.execPath,
    args: [bundlePath('nameserver'), '--listen', `127.0.0.1:${port}`],
    logFile: path.join(dir, 'nameserver.out'),
    cwd: dir,
    ready: /^ready/,
  });
}

/** @param {import('./apache.mjs').BrokerOptions} options @returns {Service} not started yet */
export function kitemqBroker({ dir, port, namesrvAddr, flush, settings = {}, runtimeFlags = [], env = {} }) {
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  return new Service({
    name: 'kitemq-broker',
    command: process.execPath,
    args: [
      ...runtimeFlags,
      bundlePath('broker'),
      ...['--nameserver', namesrvAddr, '--listen', `127.0.0.1:${port}`, '--data', path.join(dir, 'data')],
      ...['--name', 'broker-a', '--cluster', 'DefaultCluster', '--broker-id', '0', '--flush', flush],
      ...sets,
    ],
    env,
    logFile: path.join(dir, 'broker.out'),
    cwd: dir,
    ready: /^ready/,
  });
}
