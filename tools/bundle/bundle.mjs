import { chmodSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeMetafile, build } from 'esbuild';
import { copyAddons, nativeLoader } from './native-loader.mjs';

// CommonJS dependencies call require() for Node's own modules, which an ES module does not have.
const banner = `#!/usr/bin/env node
import { createRequire as kiteCreateRequire } from 'node:module';
const require = kiteCreateRequire(import.meta.url);`;

const { version } = JSON.parse(readFileSync(new URL('../../packages/cli/package.json', import.meta.url), 'utf8'));
const storeManifest = fileURLToPath(new URL('../../packages/store/package.json', import.meta.url));

/**
 * Bundles an app: `DIRECTORY/src/main.ts` → `DIRECTORY/dist/NAME.mjs`, one file, straight from the packages' sources,
 * and beside it only lmdb's prebuilt addons when the app uses lmdb.
 * Flags of the process: `--sourcemap`, `--analyze` (prints what the size is made of).
 * @param {string} name
 * @param {{ directory: string, dist?: string }} options `dist`: another place for the result
 */
export async function bundle(name, { directory, dist = join(directory, 'dist') }) {
  const flags = process.argv.slice(2);
  const outfile = join(dist, `${name}.mjs`);
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const result = await build({
    absWorkingDir: directory,
    entryPoints: ['src/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['@kitemq/source'],
    // Names and lines stay readable in stack traces and profiles.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'none',
    sourcemap: flags.includes('--sourcemap') ? 'linked' : false,
    metafile: true,
    define: { 'process.env.KITEMQ_VERSION': JSON.stringify(version) },
    banner: { js: banner },
    plugins: [nativeLoader()],
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
  const bundled = Object.values(result.metafile.outputs).flatMap((output) => Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([input]) => input));
  const usesLmdb = bundled.some((input) => /node_modules\/lmdb\//.test(input));
  const addons = usesLmdb ? copyAddons(storeManifest, dist) : [];
  if (flags.includes('--analyze')) console.log(await analyzeMetafile(result.metafile));
  console.log(`${name}.mjs ${(statSync(outfile).size / 1024).toFixed(0)} kB${addons.length === 0 ? '' : `, with ${addons.length} prebuilt addons`}`);
}
