import { readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { systemClock } from '#lib/clock.ts';
import { durationMs, second } from '#lib/time.ts';
import { migrateState } from '../migrate-state.ts';
import { isAlive } from './owner.ts';
import { startPostgres } from './postgres.ts';

/**
 * The one Postgres of a test run: `node test-state-server.ts DIR PID`. Started by whichever test file needs it first, it makes a migrated
 * template database, says so in DIR/ready, and goes away with everything it wrote when process PID (the test runner) is gone.
 */
const [dir = '', parent = ''] = process.argv.slice(2);
process.on('SIGINT', () => undefined);

async function serve(): Promise<void> {
  const server = await startPostgres({ dataDir: `${dir}/postgres`, clock: systemClock, log: () => undefined });
  const admin = new pg.Pool({ connectionString: server.url, max: 1 });
  await admin.query('create database template_state');
  await admin.query('alter system set fsync = off');
  await admin.query('select pg_reload_conf()');
  await admin.end();
  const template = new pg.Pool({ connectionString: server.url.replace(/postgres$/, 'template_state'), max: 1 });
  await migrateState(template);
  await template.end();
  await writeFile(`${dir}/ready`, server.url, { mode: 0o600, flag: 'wx' });
  while (isAlive(Number(parent)) && readdirSync(dir).length > 0) await systemClock.sleep(durationMs(second / 2));
  await server.stop();
}

try {
  await serve();
} catch (error) {
  await writeFile(`${dir}/failed`, String(error)).catch(() => undefined);
  await systemClock.sleep(durationMs(2 * second));
} finally {
  await rm(dir, { recursive: true, force: true });
}
