import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const cli = fileURLToPath(new URL('../../packages/cli/', import.meta.url));

/**
 * The text of `docs/config.md`, made from the settings schemas of the services. The sources are TypeScript, so they are bundled for the occasion;
 * third-party packages stay outside, found from packages/cli.
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
      // The pages need no store: only what is imported at load time must be there.
      external: ['lmdb', 'msgpackr'],
      alias: { pino: 'node:process' },
      banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
      logLevel: 'warning',
    });
    return (await import(pathToFileURL(outfile).href)).page;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
