import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient } from 'pg';
import { type Migration, pending, readMigrations } from './migrate.ts';

const stateFolder = fileURLToPath(new URL('./migrations/state', import.meta.url));

/** Any number of processes may start at once; one migrates, the others wait for it. */
const migrationLock = 8_600_001;

/** Brings the operational database up to date, each file in one transaction; returns the names of the files it applied. */
export async function migrateState(pool: Pool, folder: string = stateFolder): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query('create table if not exists schema_migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())');
    const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migration');
    const todo = pending(migrations, new Map(rows.map((row) => [row.name, row.sha256])));
    for (const migration of todo) await applyMigration(client, migration);
    return todo.map(({ name }) => name);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}

async function applyMigration(client: PoolClient, { name, statements, sha256 }: Migration): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of statements) await client.query(statement);
    await client.query('insert into schema_migration (name, sha256) values ($1, $2)', [name, sha256]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`migration ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
