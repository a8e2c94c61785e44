import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const target = fileURLToPath(new URL('../../docs/config.md', import.meta.url));
const store = fileURLToPath(new URL('../../packages/store/package.json', import.meta.url));
const cli = fileURLToPath(new URL('../../packages/cli/', import.meta.url));

/** lmdb finds its addon from where it is installed, so it stays there. */
const lmdbOutside = {
  name: 'lmdb-outside',
  setup(build) {
    build.onResolve({ filter: /^lmdb$/ }, () => {
      const commonJs = createRequire(store).resolve('lmdb');
      return { path: pathToFileURL(join(dirname(dirname(commonJs)), 'node-index.js')).href, external: true };
    });
  },
};

/**
 * The text of `docs/config.md`, made from the settings schemas of the services. The sources are TypeScript, so they are bundled for the occasion.
 * @returns {Promise<string>}
 */
export async function configPage() {
  const { build } = createRequire(join(cli, 'package.json'))('esbuild');
  const folder = mkdtempSync(join(cli, '.config-page-'));
  try {
    const outfile = join(folder, 'config-page.mjs');
    const contents = `
      import { brokerService, configDocument, nameserverService } from './src/internal.ts';
      export const page = configDocument([nameserverService, brokerService]);`;
    await build({
      stdin: { contents, resolveDir: cli, loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      conditions: ['@kitemq/source'],
      plugins: [lmdbOutside],
      banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
      logLevel: 'warning',
    });
    return (await import(pathToFileURL(outfile).href)).page;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Writes `docs/config.md`, or with `check` only compares it.
 * @param {{ check: boolean }} options
 * @returns {Promise<boolean>} false: it is not what the schemas say
 */
export async function updateConfigPage({ check }) {
  const page = await configPage();
  const fresh = existsSync(target) && readFileSync(target, 'utf8') === page;
  if (!fresh && !check) writeFileSync(target, page);
  return fresh || !check;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const check = process.argv.includes('--check');
  const current = await updateConfigPage({ check });
  console.log(current ? `docs/config.md ${check ? 'is current' : 'is written'}` : 'docs/config.md is not what the schemas say: run npm run docs');
  process.exitCode = current ? 0 : 1;
}
