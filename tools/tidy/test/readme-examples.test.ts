import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { startCluster } from '@kitemq/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { firstExample, runExample } from '../src/run-example.ts';
import { projectFolders, root } from '../src/tree.ts';

let cluster: Awaited<ReturnType<typeof startCluster>>;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster.stop();
});

describe('the first example of every README runs as it stands', () => {
  for (const folder of [...projectFolders('packages'), '.']) {
    it(folder === '.' ? 'README.md' : folder, async () => {
      const example = firstExample(readFileSync(join(root, folder, 'README.md'), 'utf8'));
      expect(example, 'the README has a ts block').toBeDefined();
      const { code, output } = await runExample(folder, example ?? '', { NAMESRV_ADDR: cluster.nameserver });
      expect(output, 'it shows something').not.toBe('');
      expect(code, output).toBe(0);
    });
  }
});
