import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '#lib/clock.ts';
import { startEngine } from '#store/embedded/engine.ts';

/**
 * Runs the official client's own integration tests against the embedded engine:
 *   node test/official-client.ts PATH [TEST FILE…]
 * PATH is a checkout of ClickHouse/clickhouse-js in which `npm install` was run. Nothing of it is copied. The tests expect
 * a server on port 8123 with no password; failures and their reasons are listed in docs/embedded-engine.md.
 */
const [checkout, ...files] = process.argv.slice(2);
if (!checkout) {
  console.error('usage: node test/official-client.ts PATH-OF-A-CHECKOUT [TEST FILE…]');
  process.exit(2);
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { name: string; message: string; assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
}

const root = resolve(checkout);
const folder = await mkdtemp(join(tmpdir(), 'fenghuo-official-'));
const engine = await startEngine({ dataDir: join(folder, 'data'), memoryBytes: 2_000_000_000, clock: systemClock, log: console.error, port: 8123, password: '' });
try {
  process.exitCode = await runTests();
} finally {
  await engine.stop();
  await rm(folder, { recursive: true, force: true });
}

async function runTests(): Promise<number> {
  const output = join(folder, 'report.json');
  const vitest = spawn(
    process.execPath,
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config',
      'packages/client-node/vitest.config.ts',
      '--maxWorkers=2',
      '--testTimeout=30000',
      '--reporter=json',
      `--outputFile=${output}`,
      ...files,
    ],
    {
      cwd: root,
      env: { ...process.env, TEST_MODE: 'integration' },
      stdio: 'ignore',
    },
  );
  await new Promise((done) => vitest.once('exit', done));
  const report = JSON.parse(await readFile(output, 'utf8')) as Report;
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter((result) => result.status === 'failed');
    if (failed.length > 0 || file.message) console.log(`\n${file.name.slice(root.length + 1)}${file.message ? `\n  ${file.message}` : ''}`);
    for (const result of failed) console.log(`  ✗ ${result.fullName}\n      ${result.failureMessages.join(' ').split('\n').slice(0, 6).join('\n      ')}`);
  }
  if (process.env.REPORT) await writeFile(process.env.REPORT, JSON.stringify(report));
  console.log(`\n${report.numPassedTests} passed, ${report.numFailedTests} failed, ${report.numPendingTests} skipped by their own conditions`);
  return report.numFailedTests === 0 ? 0 : 1;
}
