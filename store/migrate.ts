import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Telemetry } from './clickhouse.ts';

/** One file of `migrations/`: applied once, in the order of names, and never changed after that. */
export interface Migration {
  name: string;
  sha256: string;
  statements: string[];
}

export const telemetryFolder = fileURLToPath(new URL('./migrations/clickhouse', import.meta.url));

/** Reads the folder's `NNNN-what.sql` files; statements are separated by a line of four dashes. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const odd = names.find((name) => !/^\d{4}-[a-z0-9-]+\.sql$/.test(name));
  if (odd) throw new Error(`${join(folder, odd)}: a migration is named NNNN-what.sql`);
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'utf8');
      const statements = text
        .split(/^----\s*$/m)
        .map((statement) => statement.trim())
        .filter((statement) => statement.replace(/^\s*--.*$/gm, '').trim() !== '');
      return { name, sha256: createHash('sha256').update(text).digest('hex'), statements };
    }),
  );
}

/** Those not applied yet; throws when an applied one has changed since. */
export function pending(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  for (const { name, sha256 } of migrations) {
    const before = applied.get(name);
    if (before !== undefined && before !== sha256) throw new Error(`migration ${name} was changed after it was applied; add a new file instead`);
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

/** Brings the telemetry schema up to date. ClickHouse has no transactions: each statement must bear being run twice. */
export async function migrateTelemetry(telemetry: Telemetry, folder = telemetryFolder): Promise<string[]> {
  await telemetry.command('CREATE TABLE IF NOT EXISTS migrations (name String, sha256 String, applied_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY name');
  const applied = await telemetry.rows<{ name: string; sha256: string }>('SELECT name, sha256 FROM migrations');
  const todo = pending(await readMigrations(folder), new Map(applied.map((row) => [row.name, row.sha256])));
  for (const { name, sha256, statements } of todo) {
    for (const statement of statements)
      await telemetry.command(statement).catch((error: Error) => Promise.reject(new Error(`migration ${name}: ${error.message}\n${statement.slice(0, 200)}`, { cause: error })));
    await telemetry.command('INSERT INTO migrations (name, sha256) SELECT {name:String}, {sha256:String}', { name, sha256 });
  }
  return todo.map(({ name }) => name);
}
