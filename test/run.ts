/** `npm test`: makes sure there is a browser, then runs every test; arguments go to Vitest. Ends with `N passed, N failed`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { buildConsole, consoleIsBuilt } from '#console/build-console.ts';
import { findBrowser, installBrowser } from './browser.ts';
import { syncTypes } from './sync.ts';

const report = 'test/output/vitest.json';
mkdirSync('test/output', { recursive: true });
syncTypes();
// Once, before the tests that start the product side by side.
if (!consoleIsBuilt()) await buildConsole();

if (!findBrowser()) {
  console.log('No Chromium found: installing the system package (chromium, fonts-noto-cjk) …');
  const problem = installBrowser();
  if (problem) {
    console.error(problem);
    process.exit(3);
  }
}

const run = spawnSync('node_modules/.bin/vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, CHROMIUM: findBrowser() ?? '' },
});
if (!existsSync(report)) {
  console.log('0 passed, 1 failed');
  process.exit(run.status || 1);
}
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}
const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
// A file that fails before its first test has no failed test of its own; it must not pass unseen.
const broken = testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed')).length;
const failed = Math.max(numFailedTests + broken, run.status === 0 ? 0 : 1);
if (numPendingTests) console.log(`${numPendingTests} skipped`);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed > 0 || run.status !== 0 ? 1 : 0);
