import { execFile, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Says what is missing for the runs that need Java, or undefined when all is there.
 * @param {{ maven?: boolean }} [need]
 * @returns {string | undefined}
 */
export function javaMissing({ maven = true } = {}) {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.error !== undefined || java.status !== 0) return 'java is not installed (JDK 11 or later is needed)';
  const version = Number(/version "(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < 11) return `java is version ${version}, 11 or later is needed`;
  if (maven && spawnSync('mvn', ['-version']).error !== undefined) return 'mvn (Apache Maven) is not installed';
  return undefined;
}

/** @param {string} dir @returns {string[]} */
function filesUnder(dir) {
  return fs
    .readdirSync(dir, { withFileTypes: true })
    .flatMap((e) => (e.isDirectory() ? filesUnder(path.join(dir, e.name)) : [path.join(dir, e.name)]))
    .toSorted();
}

/** @param {string} projectDir @param {string} key */
function fingerprint(projectDir, key) {
  const hash = crypto.createHash('sha256').update(key);
  for (const file of [path.join(projectDir, 'pom.xml'), ...filesUnder(path.join(projectDir, 'src'))]) hash.update(file).update(fs.readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Compiles a Maven project and resolves its class path. The result is kept beside the project and used again while the
 * sources and the pom are the same, so that a second run does not start Maven (5 to 10 s).
 * @param {string} projectDir the directory of the pom
 * @param {{ version: string, log?: (line: string) => void }} options `version` of Apache RocketMQ to compile against
 * @returns {Promise<string>} a class path, the project's own classes first
 */
export async function mavenClasspath(projectDir, { version, log = () => {} }) {
  const target = path.join(path.dirname(projectDir), 'target', path.basename(projectDir), version);
  const stamp = path.join(target, 'classpath.json');
  const key = fingerprint(projectDir, version);
  if (fs.existsSync(stamp)) {
    const saved = JSON.parse(fs.readFileSync(stamp, 'utf8'));
    if (saved.key === key && saved.entries.every((/** @type {string} */ e) => fs.existsSync(e))) return saved.entries.join(path.delimiter);
  }
  log(`compiling ${path.basename(projectDir)} against Apache RocketMQ ${version} with Maven`);
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const output = path.join(target, 'classpath.txt');
  const args = ['-B', '-q', `-Drocketmq.version=${version}`, `-Dkitemq.target=${target}`, 'compile', 'dependency:build-classpath', `-Dmdep.outputFile=${output}`];
  try {
    await run('mvn', args, { cwd: projectDir, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { stdout = '', stderr = '' } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`Maven failed in ${projectDir}:\n${stdout}${stderr}`, { cause: error });
  }
  const entries = [path.join(target, 'classes'), ...fs.readFileSync(output, 'utf8').trim().split(path.delimiter)];
  fs.writeFileSync(stamp, JSON.stringify({ key, entries }));
  return entries.join(path.delimiter);
}
