// Bundles and runs the bench: node bench/run.mjs [--cpu-prof] [name …]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { buildSync } = createRequire(join(here, '../../../package.json'))('esbuild');
const output = join(here, '../dist/bench/store-bench.mjs');
mkdirSync(dirname(output), { recursive: true });
buildSync({
  entryPoints: [join(here, 'store-bench.ts')],
  outfile: output,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['@kitemq/source'],
  external: ['lmdb', 'msgpackr'],
  sourcemap: 'inline',
});
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith('--'));
const names = args.filter((arg) => !arg.startsWith('--'));
const { status } = spawnSync(process.execPath, ['--expose-gc', '--enable-source-maps', ...flags, output, ...names], { stdio: 'inherit' });
process.exitCode = status ?? 1;
