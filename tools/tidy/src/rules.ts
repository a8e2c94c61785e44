import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { filesMatching, manifestOf, places, projectFolders, projectPaths, root } from './tree.ts';

/** A rule returns one sentence per offence. */
export type Rule = () => string[];

/** What each package may import, from the bottom up (docs/architecture.md). */
const below: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  simulator: ['runtime'],
  protocol: ['runtime'],
  remoting: ['runtime', 'protocol'],
  filter: ['runtime', 'protocol'],
  store: ['runtime', 'protocol'],
  nameserver: ['runtime', 'protocol', 'remoting'],
  broker: ['runtime', 'protocol', 'remoting', 'filter', 'store'],
  client: ['runtime', 'protocol', 'remoting'],
  testkit: ['runtime', 'protocol', 'remoting', 'store', 'nameserver', 'broker', 'client'],
  cli: ['runtime', 'protocol', 'remoting', 'store', 'nameserver', 'broker', 'client'],
};

const librarySource = /^packages\/[^/]+\/src\/.*\.ts$/;
const importPattern = /(?:from|import)\s*\(?\s*['"](@kitemq\/[^'"]+)['"]/g;

/** What a package offers besides its main entry. */
const isEntry = (name: string, inside: string): boolean => Object.hasOwn(manifestOf(`packages/${name}`)['exports'] ?? {}, `.${inside}`);

export const layering: Rule = () =>
  filesMatching(librarySource).flatMap((file) => {
    const name = file.path.split('/')[1] ?? '';
    const allowed = below[name];
    if (allowed === undefined) return [`packages/${name} is not in the layering of tools/tidy: say what it may import`];
    const declared = manifestOf(`packages/${name}`)['dependencies'] ?? {};
    return [...file.text.matchAll(importPattern)].flatMap(([, target = '']) => {
      const [, sibling = '', inside] = /^@kitemq\/([^/]+)(\/.*)?$/.exec(target) ?? [];
      if (sibling === name) return [`${file.path} imports its own package by name`];
      if (!allowed.includes(sibling)) return [`${file.path} imports ${target}, which is not below it`];
      if (inside !== undefined && !isEntry(sibling, inside)) return [`${file.path} reaches inside ${target}`];
      if (declared[`@kitemq/${sibling}`] === undefined) return [`${file.path} imports ${target}, which its manifest does not declare`];
      return [];
    });
  });

// A call, not the declaration of a method of that name (`setTimeout(callback: …`).
const portless =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\bprocess\.hrtime\b|(?<![.\w])set(?:Timeout|Interval|Immediate)\s*\((?!\w+:)|from ['"]node:(?:fs|fs\/promises|net|tls|dgram|timers|timers\/promises)['"]/g;

export const ports: Rule = () =>
  filesMatching(/^(packages|apps)\/[^/]+\/src\/.*\.ts$/)
    .filter((file) => !file.path.startsWith('packages/runtime/src/node/'))
    .flatMap((file) => places(file, portless).map((place) => `${place} goes round the ports of packages/runtime`));

/** Where each message passes: no copies by concatenation and no 64-bit objects. */
const hotDirectories = /^packages\/(remoting\/src|store\/src\/commit-log|broker\/src\/(produce|pull))\/.*\.ts$/;

export const hotPaths: Rule = () =>
  filesMatching(hotDirectories).flatMap((file) =>
    places(file, /\bBuffer\.concat\b|\bBigInt\(|\.forEach\(async\b/g).map((place) => `${place} does not belong on the hot path`),
  );

const lineLimit = 600;
/** Tables are as long as what they list. */
const tables = /\/(generated|goldens|corpus|commands|bodies)\//;

export const sizes: Rule = () =>
  filesMatching(/^(packages|apps|tools)\/.*\.(ts|mjs)$/)
    .filter((file) => !tables.test(file.path) && file.lines > lineLimit)
    .map((file) => `${file.path} has ${file.lines} lines, more than ${lineLimit}: split it by concept`);

export const leftovers: Rule = () => [
  ...filesMatching(/^(packages|apps|tools)\/.*\.(ts|mjs|java)$/)
    .filter((file) => !file.path.startsWith('tools/tidy/'))
    .flatMap((file) =>
      [...file.text.matchAll(/\b(TODO|FIXME|XXX)\b|not implemented/g)].map(
        (match) => `${file.path}:${file.text.slice(0, match.index).split('\n').length} is left open: finish it or move it to docs/roadmap.md`,
      ),
    ),
  ...filesMatching(/\.test\.ts$/)
    .filter((file) => !file.path.startsWith('tools/tidy/'))
    .flatMap((file) => places(file, /\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b|expect\(true\)/g).map((place) => `${place} does not test`)),
];

export const rooms: Rule = () => {
  const offences: string[] = [];
  for (const kind of ['packages', 'apps', 'tools'] as const) {
    for (const folder of projectFolders(kind)) {
      if (!existsSync(join(root, folder, 'README.md'))) offences.push(`${folder} has no README.md`);
      if (kind !== 'packages') continue;
      if (!projectPaths().some((path) => path.startsWith(`${folder}/test/`) && path.endsWith('.test.ts'))) offences.push(`${folder} has no tests`);
      if (manifestOf(folder)['exports'] === undefined) offences.push(`${folder} has no exports map`);
    }
  }
  return offences;
};

const topLevelNames = new Set([
  ...['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'turbo.json', 'tsconfig.base.json'],
  ...['packages', 'apps', 'tools', 'docs'],
  ...['README.md', 'LICENSE', 'CONTRIBUTING.md'],
]);

export const topLevel: Rule = () =>
  [...new Set(projectPaths().map((path) => path.split('/')[0] ?? ''))]
    .filter((name) => !name.startsWith('.') && !topLevelNames.has(name))
    .map((name) => `${name} does not belong at the top level`);
