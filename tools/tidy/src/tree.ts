import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = resolve(fileURLToPath(import.meta.url), '../../../..');

/** One file of the project, as it is in the working tree. */
export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
}

let cached: readonly string[] | undefined;

/** Paths of everything git knows or would add: ignored files are not the project's. */
export function projectPaths(): readonly string[] {
  cached ??= execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)));
  return cached;
}

/** The project's files whose path matches. */
export function filesMatching(pattern: RegExp): SourceFile[] {
  return projectPaths()
    .filter((path) => pattern.test(path))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path, text, lines: text.split('\n').length - 1 };
    });
}

/** `text` with comments and the content of strings blanked out, so that words in them do not count as code. Line numbers stay. */
export function codeOnly(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|[^:'"`\\])\/\/[^\n]*/g, (_, before: string) => before);
}

/** Where `pattern` (global) occurs in the file's code: `path:line`. */
export function places(file: SourceFile, pattern: RegExp): string[] {
  const code = codeOnly(file.text);
  return [...code.matchAll(pattern)].map((match) => `${file.path}:${code.slice(0, match.index).split('\n').length}`);
}

/** The package's manifest, `packages/store` → parsed package.json. */
export function manifestOf(folder: string): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
}

/** Folders that hold a package.json, below `packages`, `apps` or `tools`. */
export function projectFolders(kind: 'packages' | 'apps' | 'tools'): string[] {
  return projectPaths()
    .map((path) => new RegExp(`^${kind}/[^/]+(?=/package\\.json$)`).exec(path)?.[0])
    .filter((folder) => folder !== undefined);
}
