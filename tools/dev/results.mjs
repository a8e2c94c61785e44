import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Adds up the results that each package's test run left in `.vitest/results.json`. */
export function summarise(root) {
  let passed = 0;
  let failed = 0;
  for (const folder of ['packages', 'apps', 'tools']) {
    if (!existsSync(join(root, folder))) continue;
    for (const name of readdirSync(join(root, folder))) {
      const path = join(root, folder, name, '.vitest/results.json');
      if (!existsSync(path)) continue;
      const results = JSON.parse(readFileSync(path, 'utf8'));
      passed += results.numPassedTests;
      failed += results.numFailedTests;
      // A file that could not be loaded has no tests of its own, and must not go unnoticed.
      failed += results.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    }
  }
  return { passed, failed };
}
