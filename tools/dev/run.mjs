#!/usr/bin/env node
// The root commands (`npm start`, `npm test`, …): each does the set-up it needs, so that it works as the first thing typed after a clone.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { summarise } from './results.mjs';
import { bundle, fail, install, root, run } from './setup.mjs';

const [command, ...args] = process.argv.slice(2);

async function turbo(task) {
  return run('turbo', ['run', task, '--output-logs=new-only', '--log-order=grouped', '--concurrency=2', '--continue', ...args]);
}

const commands = {
  /** The main job: nameserver and broker in one process, in this very process. */
  async start() {
    await install();
    const path = await bundle('standalone');
    process.argv = [process.execPath, path, ...args];
    await import(pathToFileURL(path).href);
  },
  async build() {
    await install();
    process.exitCode = await turbo('build');
  },
  async typecheck() {
    await install();
    process.exitCode = await turbo('typecheck');
  },
  async lint() {
    await install();
    process.exitCode = await turbo('lint');
  },
  async bench() {
    await install();
    await bundle('nameserver');
    await bundle('broker');
    process.exitCode = await run(process.execPath, [join(root, 'tools/bench/run.mjs'), ...args]);
  },
  async docs() {
    await install();
    process.exitCode = await run(process.execPath, ['--conditions=@kitemq/source', join(root, 'tools/docs/generate.mjs'), ...args]);
  },
  /** All packages' and tools' tests, with the sum of what passed and failed as the last line. */
  async test() {
    await install();
    const code = await turbo('test');
    const { passed, failed } = summarise(root);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = code !== 0 || failed > 0 || passed === 0 ? 1 : 0;
  },
};

const chosen = commands[command];
if (chosen === undefined) fail(`usage: node tools/dev/run.mjs ${Object.keys(commands).join('|')}`);
await chosen();
