#!/usr/bin/env node
/**
 * Checks that each bundle runs on its own: its dist folder is copied into an empty folder outside the repository, started there,
 * must print its `ready` line, and must exit 0 on SIGTERM. Build first (`npm run build`). Prints `N passed, N failed` last.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readyTimeoutMs = 30_000;
const stopTimeoutMs = 30_000;

const broker = (/** @type {string} */ data) => ['--listen', '127.0.0.1:0', '--data', data, '--set', 'fastPortEnable=false'];
const standalone = (/** @type {string} */ data) => ['--port', '0', '--broker-port', '0', '--data', data, '--set', 'fastPortEnable=false'];

/** @type {[what: string, name: string, args: (data: string) => string[]][]} */
const checks = [
  ['nameserver', 'nameserver', () => ['--listen', '127.0.0.1:0']],
  ['broker', 'broker', broker],
  ['broker with two shards', 'broker', (data) => [...broker(data), '--shards', '2']],
  ['standalone', 'standalone', standalone],
  ['standalone with two shards', 'standalone', (data) => [...standalone(data), '--shards', '2']],
];

function within(promise, timeoutMs, what) {
  let timer;
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${timeoutMs / 1000} s`)), timeoutMs);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

/** @param {string} name @param {(data: string) => string[]} args */
async function check(name, args) {
  const dist = join(root, 'apps', name, 'dist');
  if (!existsSync(join(dist, `${name}.mjs`))) throw new Error(`apps/${name}/dist/${name}.mjs is not there: run npm run build first`);
  const strangers = readdirSync(dist).filter((entry) => entry !== `${name}.mjs` && entry !== 'prebuilds');
  if (strangers.length > 0) throw new Error(`dist holds more than the bundle and its addons: ${strangers.join(', ')}`);
  const folder = mkdtempSync(join(tmpdir(), `kitemq-bundle-${name}-`));
  cpSync(dist, join(folder, 'app'), { recursive: true });
  // An environment without anything that could lead back to the repository.
  const env = { PATH: process.env.PATH, HOME: folder };
  const started = performance.now();
  const child = spawn(process.execPath, [join(folder, 'app', `${name}.mjs`), ...args(join(folder, 'data'))], { cwd: folder, env });
  let output = '';
  const exited = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  try {
    await within(
      new Promise((resolve, reject) => {
        const read = (chunk) => {
          output += chunk;
          if (/^ready /m.test(output)) resolve(undefined);
        };
        child.stdout.on('data', read);
        child.stderr.on('data', read);
        void exited.then((status) => reject(new Error(`it ended (${status}) before it was ready:\n${output}`)));
      }),
      readyTimeoutMs,
      'getting ready',
    );
    const readyMs = performance.now() - started;
    child.kill('SIGTERM');
    const status = await within(exited, stopTimeoutMs, 'stopping');
    if (status !== 0) throw new Error(`it ended with ${status} after SIGTERM, not 0:\n${output}`);
    return readyMs;
  } finally {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

let passed = 0;
let failed = 0;
for (const [what, name, args] of checks) {
  try {
    const readyMs = await check(name, args);
    console.log(`${what}: runs from an empty folder, ready after ${readyMs.toFixed(0)} ms, stops with 0`);
    passed++;
  } catch (error) {
    console.error(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
