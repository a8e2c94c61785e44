import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('../../../packages/client', import.meta.url));

/**
 * Runs the integration tests of packages/client against the cluster instead of the one they start for themselves.
 * @param {import('@kitemq/tool-targets').Cluster} cluster
 * @param {{ print: (line: string) => void }} options
 * @returns {Promise<import('./java-run.mjs').Totals>}
 */
export async function runOwnClient(cluster, { print }) {
  // Where the repository's vitest configuration puts it.
  const report = path.join(CLIENT, '.vitest', 'results.json');
  fs.rmSync(report, { force: true });
  const child = spawn('npx', ['vitest', 'run', 'test/integration'], { cwd: CLIENT, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, KITEMQ_TEST_NAMESERVER: cluster.namesrvAddr } });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  await new Promise((resolve) => child.once('close', resolve));
  process.removeListener('exit', killChild);
  if (!fs.existsSync(report)) {
    print('FAIL  the tests of packages/client did not run');
    return { passed: 0, failed: 1 };
  }
  const { testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
  const totals = { passed: 0, failed: 0 };
  for (const file of testResults) {
    // A file that could not be loaded has no tests.
    if (file.assertionResults.length === 0) totals.failed += 1;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') totals.passed += 1;
      else if (test.status === 'failed') totals.failed += 1;
      print(`${test.status === 'passed' ? 'pass' : test.status === 'failed' ? 'FAIL' : test.status}  own client: ${test.fullName} (${Math.round(test.duration ?? 0)} ms)`);
      for (const message of test.failureMessages) print(message);
    }
  }
  return totals;
}
