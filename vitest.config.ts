import { defineConfig } from 'vitest/config';

/** Tests that start the whole product or a browser, mostly waiting: when the others are done. */
const product = [
  'test/whole-sentence.test.ts',
  'test/kill.test.ts',
  'test/bad-input.test.ts',
  'test/console.test.ts',
  'test/browser-journey.test.ts',
  'test/tail-survives-kill.test.ts',
  'test/far-vantage.test.ts',
  'test/wire-logs.test.ts',
  'test/wire-metrics.test.ts',
  'commands.test.ts',
];
const never = ['node_modules/**', 'console/build/**', 'test/output/**'];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    projects: [
      { extends: true, test: { name: 'parts', include: ['**/*.test.ts'], exclude: [...never, ...product], maxWorkers: 2, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'product', include: product, exclude: never, maxWorkers: 2, sequence: { groupOrder: 1 } } },
    ],
  },
});
