import { existsSync, readdirSync, cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';

/**
 * What takes the place of `node-gyp-build-optional-packages` in a bundle: the addon is looked for in `prebuilds/<platform>-<arch>`
 * beside the bundle, best match first. A build for the wrong C library fails to load, so the next one is tried.
 */
const loaderSource = `
import { createRequire } from 'node:module';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
export default function loadAddon() {
  const directory = fileURLToPath(new URL('./prebuilds/' + process.platform + '-' + process.arch + '/', import.meta.url));
  const load = createRequire(import.meta.url);
  let names = [];
  try { names = readdirSync(directory); } catch {}
  const exact = 'abi' + process.versions.modules;
  const rank = (name) => (name.includes('.' + exact + '.') ? 0 : 2) + (name.includes('musl') ? 1 : 0);
  const usable = names.filter((name) => name.endsWith('.node') && (!name.includes('.abi') || name.includes('.' + exact + '.')));
  let failure;
  for (const name of usable.sort((a, b) => rank(a) - rank(b))) {
    try { return load(directory + name); } catch (error) { failure ??= error; }
  }
  throw new Error('no native lmdb build for ' + process.platform + '-' + process.arch + ' in ' + directory + ': copy the whole dist folder, or build on this platform', { cause: failure });
}
`;

/** @returns {import('esbuild').Plugin} lmdb's addon is loaded from beside the bundle; msgpackr goes without its optional one. */
export function nativeLoader() {
  return {
    name: 'native-loader',
    setup(build) {
      build.onResolve({ filter: /^node-gyp-build-optional-packages$/ }, () => ({ path: 'addon', namespace: 'native-loader' }));
      build.onResolve({ filter: /^msgpackr-extract$/ }, () => ({ path: 'nothing', namespace: 'native-loader' }));
      build.onLoad({ filter: /^addon$/, namespace: 'native-loader' }, () => ({ contents: loaderSource, loader: 'js' }));
      build.onLoad({ filter: /^nothing$/, namespace: 'native-loader' }, () => ({ contents: 'module.exports = undefined;', loader: 'js' }));
    },
  };
}

/**
 * Copies lmdb's prebuilt addons of the installed platform into `dist/prebuilds/<platform>-<arch>`.
 * @param {string} packageFile the package.json of a package that depends on lmdb
 * @param {string} dist
 * @returns {string[]} the names copied
 */
export function copyAddons(packageFile, dist) {
  const entryPoint = createRequire(packageFile).resolve('lmdb');
  const scope = join(entryPoint.slice(0, entryPoint.lastIndexOf(`${sep}lmdb${sep}`)), '@lmdb');
  const copied = [];
  for (const entry of existsSync(scope) ? readdirSync(scope) : []) {
    const platform = entry.replace(/^lmdb-/, '');
    for (const name of readdirSync(join(scope, entry)).filter((file) => file.endsWith('.node'))) {
      const target = join(dist, 'prebuilds', platform, name);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(scope, entry, name), target, { dereference: true });
      copied.push(`${platform}/${name}`);
    }
  }
  if (copied.length === 0) throw new Error(`lmdb has no prebuilt addon in ${scope}: run the install again with optional dependencies`);
  return copied;
}
