// msgpackr is put into the package instead of among its dependencies: with it every client would install a native addon that nothing here loads.
import { copyFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const vendor = join(here, 'dist/vendor');

await build({
  stdin: { contents: "export { Packr } from 'msgpackr/pack';", resolveDir: here },
  outfile: join(vendor, 'msgpackr.js'),
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'node20',
  banner: { js: '// msgpackr, MIT licence: see LICENSE-msgpackr' },
  logLevel: 'warning',
});
copyFileSync(join(here, 'node_modules/msgpackr/LICENSE'), join(vendor, 'LICENSE-msgpackr'));
