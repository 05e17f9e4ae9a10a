import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient } from 'pg';

const migrationsDir = fileURLToPath(new URL('./migrations/state/', import.meta.url));

/** Any number of processes may start at once; one migrates, the others wait for it. */
const migrationLock = 8_600_001;

/** Brings the operational database up to date, each file in one transaction; returns the names of the files it applied. */
export async function migrateState(pool: Pool, dir: string = migrationsDir): Promise<string[]> {
  const files = (await readdir(dir)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query('create table if not exists schema_migration (name text primary key, sha256 text not null, applied_at timestamptz not null default now())');
    const { rows } = await client.query<{ name: string; sha256: string }>('select name, sha256 from schema_migration');
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    const fresh: string[] = [];
    for (const name of files) {
      const text = await readFile(`${dir}/${name}`, 'utf8');
      const sha256 = createHash('sha256').update(text).digest('hex');
      if (applied.get(name) === sha256) continue;
      if (applied.has(name)) throw new Error(`store/migrations/state/${name} was changed after this database had applied it: put the change into a new file`);
      await applyMigration(client, { name, text, sha256 });
      fresh.push(name);
    }
    return fresh;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}

async function applyMigration(client: PoolClient, { name, text, sha256 }: { name: string; text: string; sha256: string }): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of text.split(/^----\s*$/m)) if (statement.trim()) await client.query(statement);
    await client.query('insert into schema_migration (name, sha256) values ($1, $2)', [name, sha256]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`store/migrations/state/${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
