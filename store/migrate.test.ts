import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { migrateTelemetry, pending, readMigrations, telemetryFolder } from './migrate.ts';

let test: TestEngine;
beforeAll(async () => {
  test = await testTelemetry();
});
afterAll(() => test.stop());

it('creates every telemetry table once and finds nothing to do the second time', async () => {
  expect(await migrateTelemetry(test.telemetry)).toEqual([]);
  const tables = await test.telemetry.rows<{ name: string }>('SELECT name FROM system.tables WHERE database = {database:String}', { database: 'fenghuo' });
  expect(tables.map((table) => table.name)).toEqual(
    expect.arrayContaining(['checks', 'check_10s', 'check_1h_mv', 'logs', 'request_1m', 'login_1h', 'samples', 'alert_transitions', 'deliveries', 'migrations']),
  );
});

it('refuses a migration that was changed after it was applied', () => {
  const migration = { name: '0001-a.sql', sha256: 'new', statements: [] };
  expect(() => pending([migration], new Map([['0001-a.sql', 'old']]))).toThrow('was changed after it was applied');
  expect(pending([migration], new Map())).toEqual([migration]);
});

it('samples kept before each moment had one value are taken over, however often the step is repeated', async () => {
  const { telemetry } = test;
  const statements = (await readMigrations(telemetryFolder)).find(({ name }) => name.startsWith('0003'))?.statements ?? [];
  await telemetry.command('DROP TABLE samples');
  const [before = ''] = (await readMigrations(telemetryFolder))[0]?.statements.filter((statement) => statement.includes('EXISTS samples')) ?? [];
  await telemetry.command(before);
  await telemetry.command("INSERT INTO samples SELECT now64(3) - number * 86400, 'up', 1, map('job', 'a'), number FROM numbers(3)");
  for (const repeated of [4, 3, 2, statements.length]) for (const statement of statements.slice(0, repeated)) await telemetry.command(statement);
  expect(await telemetry.rows('SELECT engine FROM system.tables WHERE database = currentDatabase() AND name LIKE {like:String}', { like: 'samples%' })).toEqual([{ engine: 'ReplacingMergeTree' }]);
  expect(await telemetry.rows('SELECT toString(sum(value)) AS sum, toString(count()) AS n FROM samples FINAL')).toEqual([{ sum: '3', n: '3' }]);
});
