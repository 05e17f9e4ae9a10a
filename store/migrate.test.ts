import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { migrateTelemetry, pending } from './migrate.ts';

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
