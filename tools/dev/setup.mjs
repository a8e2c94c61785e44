import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = resolve(fileURLToPath(import.meta.url), '../../..');

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const workspaceFolders = ['packages', 'apps', 'tools'];

/** Ends the process with one sentence. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}

/** Runs a command with the workspace's binaries on the path; resolves with its exit code. */
export function run(command, args, options = {}) {
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...options.env };
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options, env });
    child.on('error', (error) => fail(`${command} could not be started: ${error.message}`));
    child.on('close', (code, signal) => done(signal === null ? code : 1));
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`KiteMQ needs Node.js 20.19 or newer; this is ${process.version}. Install a newer one from your package manager.`);
}

function projects() {
  return workspaceFolders.flatMap((folder) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => join(root, folder, name)) : [],
  );
}

/** What decides whether `node_modules` is up to date: the lockfile and every manifest. */
function installFingerprint() {
  const hash = createHash('sha256');
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'].map((name) => join(root, name));
  for (const project of projects()) files.push(join(project, 'package.json'));
  for (const file of files) if (existsSync(file)) hash.update(readFileSync(file));
  return hash.digest('hex');
}

/** Installs the dependencies from the lockfile, unless nothing changed since the last time. */
export async function install() {
  checkNode();
  const stamp = join(root, 'node_modules/.kitemq-installed');
  const fingerprint = installFingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  const pnpm = manifest.packageManager;
  console.log(`[setup] installing dependencies from the lockfile with ${pnpm} (first time: about half a minute)`);
  const code = await run('npx', ['--yes', pnpm, 'install', '--frozen-lockfile', '--reporter=append-only']);
  if (code !== 0) fail(`[setup] the installation failed (exit code ${code}); the lines above say why. It needs the npm registry.`);
  writeFileSync(stamp, fingerprint);
}

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Bundles the app unless its bundle is newer than every source it is made from. Returns the bundle's path. */
export async function bundle(app) {
  const output = join(root, `apps/${app}/dist/${app}.mjs`);
  const inputs = projects()
    .filter((project) => !project.startsWith(join(root, 'tools')))
    .map((project) => join(project, 'src'))
    .filter((path) => existsSync(path));
  inputs.push(join(root, 'pnpm-lock.yaml'));
  const builtAt = existsSync(output) ? statSync(output).mtimeMs : 0;
  if (inputs.every((path) => newest(path) < builtAt)) return output;
  console.log(`[setup] building apps/${app}`);
  const code = await run(process.execPath, ['build.mjs'], { cwd: join(root, 'apps', app) });
  if (code !== 0) fail(`[setup] building apps/${app} failed (exit code ${code}); the lines above say why.`);
  return output;
}
