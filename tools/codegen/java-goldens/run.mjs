// Makes packages/protocol/test/goldens from Apache RocketMQ's own classes: `node tools/codegen/java-goldens/run.mjs`.
// Needs a JDK 11 or newer, and Maven once, to fetch the jars (or KITEMQ_ROCKETMQ_LIB: a folder that has them). The tests need neither.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allCommands } from '../../../packages/protocol/dist/index.js';

const apacheVersion = '5.5.0';
const here = fileURLToPath(new URL('.', import.meta.url));
const output = fileURLToPath(new URL('../../../packages/protocol/test/goldens/', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'kitemq-goldens-'));
try {
  const lib = process.env['KITEMQ_ROCKETMQ_LIB'] ?? join(here, '../.cache/rocketmq-lib');
  if (!existsSync(lib)) {
    console.log('fetching the jars with Maven ...');
    execFileSync('mvn', ['-B', '-q', '-f', join(here, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${lib}`], { stdio: 'inherit' });
  }
  const headers = [...new Set(allCommands().flatMap((command) => [command.request.name, command.response.name]))].sort();
  writeFileSync(join(work, 'headers.txt'), `${headers.join('\n')}\n`);
  mkdirSync(output, { recursive: true });
  execFileSync('javac', ['-d', work, '-cp', `${lib}/*`, join(here, 'src/Goldens.java')], { stdio: 'inherit' });
  execFileSync('java', ['-Duser.timezone=UTC', '-cp', `${work}:${lib}/*`, 'Goldens', output, join(work, 'headers.txt')], { stdio: 'inherit' });
  const files = {};
  for (const name of ['batches.json', 'bodies.json', 'headers.json', 'records.json']) {
    files[name] = createHash('sha256').update(readFileSync(join(output, name))).digest('hex');
  }
  writeFileSync(join(output, 'manifest.json'), `${JSON.stringify({ apacheRocketMq: apacheVersion, generator: 'tools/codegen/java-goldens', sha256: files }, null, 2)}\n`);
  console.log(`wrote ${Object.keys(files).join(', ')} to ${output}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
