import { defineConfig } from 'vitest/config';

/** One configuration for all packages: sources are run unbuilt, each package reports into its own `.vitest`. */
export default defineConfig({
  resolve: { conditions: ['@kitemq/source'] },
  ssr: { resolve: { conditions: ['@kitemq/source'] } },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    reporters: ['default', ['json', { outputFile: '.vitest/results.json' }]],
    env: { KITEMQ_VERIFY: 'all' },
  },
});
