import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build, type Plugin } from 'esbuild';

import { root } from './tree.ts';

/** The first TypeScript block of a README, or undefined. */
export function firstExample(markdown: string): string | undefined {
  return /^```(?:ts|typescript)\n([\s\S]*?)^```/m.exec(markdown)?.[1];
}

/** Third-party modules stay outside the bundle, at the place where the importing package finds them. */
const thirdParty: Plugin = {
  name: 'third-party',
  setup(builder) {
    builder.onResolve({ filter: /^[^./#]/ }, ({ path, importer, resolveDir }) => {
      if (path.startsWith('node:') || path.startsWith('@kitemq/')) return undefined;
      const from = importer === '' || !importer.startsWith('/') ? join(resolveDir, 'example.ts') : importer;
      const require = createRequire(from);
      return { path: pathToFileURL(require.resolve(path)).href, external: true };
    });
  },
};

/** The modules of the workspace, wherever the example stands: a README shows what a user installs. */
const workspace: Plugin = {
  name: 'workspace',
  setup(builder) {
    builder.onResolve({ filter: /^@kitemq\/[a-z]+$/ }, ({ path }) => ({ path: join(root, 'packages', path.slice('@kitemq/'.length), 'src/index.ts') }));
  },
};

export interface ExampleResult {
  readonly code: number | null;
  readonly output: string;
}

/** Bundles the example of `folder` and runs it as a program of its own. */
export async function runExample(folder: string, source: string, env: Readonly<Record<string, string>>): Promise<ExampleResult> {
  const directory = join(root, folder, '.vitest');
  mkdirSync(directory, { recursive: true });
  const outfile = join(directory, 'readme-example.mjs');
  await build({
    stdin: { contents: source, resolveDir: join(root, folder), loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@kitemq/source'],
    plugins: [workspace, thirdParty],
    banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  return new Promise((done) => {
    const child = spawn(process.execPath, [outfile], { cwd: directory, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
    child.on('close', (code) => {
      clearTimeout(limit);
      done({ code, output });
    });
  });
}

