import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import pg from 'pg';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { connectState, type State } from '../state.ts';

export interface TestState {
  state: State;
  url: string;
  /** Closes the connection and drops the database. */
  close(): Promise<void>;
}

/** A fresh, migrated database on a real Postgres for tests: `const { state, close } = await testState()` in beforeAll, `await close()` in afterAll. */
export async function testState(): Promise<TestState> {
  const server = await testServer();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await administer(server, `create database ${name} template template_state`);
  const url = server.replace(/postgres$/, name);
  const state = connectState(url, { clock: systemClock, connections: 6 });
  return {
    state,
    url,
    async close() {
      await state.close();
      await administer(server, `drop database ${name} with (force)`);
    },
  };
}

async function administer(server: string, statement: string): Promise<void> {
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(statement);
  await admin.end();
}

/** One server per test run, found by the runner's process id; the first test file to ask starts it. */
async function testServer(): Promise<string> {
  const runner = isMainThread ? process.ppid : process.pid;
  const dir = join(tmpdir(), `fenghuo-test-state-${runner}`);
  const first = await mkdir(dir, { mode: 0o700 }).then(
    () => true,
    () => false,
  );
  if (first) spawn(process.execPath, [fileURLToPath(new URL('./test-state-server.ts', import.meta.url)), dir, String(runner)], { detached: true, stdio: 'ignore' }).unref();
  for (let tries = 0; tries < 600; tries++) {
    const url = await readFile(join(dir, 'ready'), 'utf8').catch(() => '');
    if (url) return url;
    const failed = await readFile(join(dir, 'failed'), 'utf8').catch(() => '');
    if (failed) throw new Error(`the Postgres for tests did not start: ${failed}`);
    await systemClock.sleep(durationMs(100));
  }
  throw new Error(`the Postgres for tests in ${dir} did not start within a minute`);
}
