// Bundles and runs the bench: node bench/run.mjs [--cpu-prof] [name …], or node bench/run.mjs compaction [messages] [keys] [body bytes],
// or node bench/run.mjs import [megabytes] [folder]
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { buildSync } = createRequire(join(here, '../../../package.json'))('esbuild');
const own = ['compaction', 'import'].find((each) => each === process.argv[2]);
const name = own === undefined ? 'store-bench' : `${own}-bench`;
const output = join(here, `../dist/bench/${name}.mjs`);
mkdirSync(dirname(output), { recursive: true });
buildSync({
  entryPoints: [join(here, `${name}.ts`)],
  outfile: output,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['@kitemq/source'],
  external: ['lmdb', 'msgpackr'],
  sourcemap: 'inline',
});
const args = process.argv.slice(own === undefined ? 2 : 3);
const flags = args.filter((arg) => arg.startsWith('--'));
const names = args.filter((arg) => !arg.startsWith('--'));
const { status } = spawnSync(process.execPath, ['--expose-gc', '--enable-source-maps', ...flags, output, ...names], { stdio: 'inherit' });
process.exitCode = status ?? 1;
