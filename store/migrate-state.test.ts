import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type TestState, testState } from './embedded/test-state.ts';
import { migrateState } from './migrate-state.ts';

let fixture: TestState;
let folder: string;
beforeAll(async () => {
  fixture = await testState();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fenghuo-migrations-'));
  await fixture.state.pool.query('delete from schema_migration');
  await fixture.state.pool.query('drop table if exists stone');
  return () => rm(folder, { recursive: true });
});
const write = (name: string, text: string) => writeFile(join(folder, name), text);
const migrate = () => migrateState(fixture.state.pool, folder);

it('applies each file once, in order, also when several start together', async () => {
  await write('0001-stone.sql', 'create table stone (id int)\n----\n-- a comment alone\n----\ninsert into stone values (1)\n');
  await write('0002-more.sql', 'insert into stone values (2)');
  const applied = await Promise.all([migrate(), migrate(), migrate()]);
  expect(applied.flat().sort()).toEqual(['0001-stone.sql', '0002-more.sql']);
  expect((await fixture.state.pool.query('select id from stone order by id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
  expect(await migrate()).toEqual([]);
});

it('leaves nothing of a file that fails, and names it', async () => {
  await write('0001-stone.sql', 'create table stone (id int)\n----\ninsert into stone values (0.5, 7)');
  await expect(migrate()).rejects.toThrow('migration 0001-stone.sql: INSERT has more expressions than target columns');
  expect((await fixture.state.pool.query("select to_regclass('stone') as found")).rows).toEqual([{ found: null }]);
});

it('refuses a file that was changed after it was applied', async () => {
  await write('0001-stone.sql', 'create table stone (id int)');
  await migrate();
  await write('0001-stone.sql', 'create table stone (id bigint)');
  await expect(migrate()).rejects.toThrow('migration 0001-stone.sql was changed after it was applied');
});
