#!/usr/bin/env node
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { transform } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const call = promisify(execFile);
const root = resolve(fileURLToPath(import.meta.url), '../../..');
const work = mkdtempSync(join(tmpdir(), 'kitemq-packaging-'));
const pnpm = join(root, 'node_modules/.bin/pnpm');

/** Public packages with their manifest. */
function publicPackages() {
  return readdirSync(join(root, 'packages'))
    .map((name) => ({ name, folder: join(root, 'packages', name) }))
    .filter(({ folder }) => existsSync(join(folder, 'package.json')))
    .map((entry) => ({ ...entry, manifest: JSON.parse(readFileSync(join(entry.folder, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => manifest.private !== true);
}

/** Names of the siblings that a package needs, itself included. */
function closure(name, packages, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const { manifest } = packages.find((entry) => entry.name === name);
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith('@kitemq/')) closure(dependency.slice('@kitemq/'.length), packages, seen);
  }
  return seen;
}

async function pack(entry) {
  const { stdout } = await call(pnpm, ['pack', '--pack-destination', work, '--json'], { cwd: entry.folder });
  return JSON.parse(stdout).filename;
}

async function lint(tarball) {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) }, level: 'warning' });
  return messages.map((message) => formatMessage(message, pkg));
}

/** Packages whose installation brings no native code at all: everything but the storage engine and what stands on it. */
const nativeFree = new Set(['runtime', 'protocol', 'remoting', 'filter', 'nameserver', 'client']);

function nativeAddons(folder) {
  return readdirSync(join(folder, 'node_modules'), { recursive: true }).filter((path) => path.endsWith('.node'));
}

async function useAlone(entry, packages, tarballs, nameserver) {
  const folder = join(work, `use-${entry.name}`);
  mkdirSync(folder);
  const dependencies = Object.fromEntries([...closure(entry.name, packages)].map((name) => [`@kitemq/${name}`, `file:${tarballs.get(name)}`]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'scratch', private: true, type: 'module', dependencies }));
  await call('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder });
  const addons = nativeFree.has(entry.name) ? nativeAddons(folder) : [];
  if (addons.length > 0) throw new Error(`it brings native code: ${addons.join(', ')}`);
  const example = /^```(?:ts|typescript)\n([\s\S]*?)^```/m.exec(readFileSync(join(entry.folder, 'README.md'), 'utf8'))?.[1];
  if (example === undefined) throw new Error('its README has no ts block');
  const { code } = await transform(example, { loader: 'ts', format: 'esm', target: 'node20' });
  writeFileSync(join(folder, 'example.mjs'), code);
  const { stdout } = await call(process.execPath, ['example.mjs'], { cwd: folder, timeout: 30_000, env: { ...process.env, NAMESRV_ADDR: nameserver } });
  if (stdout.trim() === '') throw new Error('its example shows nothing');
}

/** A standalone KiteMQ for the examples, from the bundle; resolves with its nameserver's address. */
async function startServer() {
  const bundle = join(root, 'apps/standalone/dist/standalone.mjs');
  if (!existsSync(bundle)) throw new Error('apps/standalone is not built: run `npm run build` first');
  const child = spawn(process.execPath, [bundle, '--port', '0', '--broker-port', '0', '--data', join(work, 'data')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const address = /^ready.*?(127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (address !== undefined) return { child, address };
  }
  throw new Error('the standalone server ended before it was ready');
}

const packages = publicPackages();
let passed = 0;
let failed = 0;
const { child, address } = await startServer();
child.stdout.resume();
try {
  const tarballs = new Map();
  for (const entry of packages) tarballs.set(entry.name, await pack(entry));
  for (const entry of packages) {
    try {
      const complaints = await lint(tarballs.get(entry.name));
      if (complaints.length > 0) throw new Error(complaints.join('; '));
      await useAlone(entry, packages, tarballs, address);
      passed += 1;
      console.log(`ok      @kitemq/${entry.name} alone`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  @kitemq/${entry.name}: ${error.message}\n${error.stderr ?? ''}`);
    }
  }
} finally {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
