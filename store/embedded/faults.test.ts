import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestEngine, testTelemetry } from './test-engine.ts';

/** The five faults of the engine's shipped client adapter, each with its reproduction, on ours. */
let test: TestEngine;
beforeAll(async () => {
  test = await testTelemetry();
}, 60_000);
afterAll(() => test.stop());

const count = async (table: string): Promise<number> => (await test.telemetry.rows<{ n: number }>(`SELECT count() AS n FROM ${table}`))[0]?.n ?? -1;

it('1: data with a blank line and SQL behind it stays data', async () => {
  const { client, command } = test.telemetry;
  await command('CREATE TABLE bodies (a String, b UInt8) ENGINE = MergeTree ORDER BY a');
  const injected = 'a\t1\nb\t2\n\nCREATE TABLE fenghuo.pwned (a UInt8) ENGINE = Memory\n';
  await expect(client.insert({ table: 'bodies', values: Readable.from([injected], { objectMode: false }), format: 'TabSeparated' })).rejects.toThrow();
  await command('CREATE TABLE raw_lines (line String) ENGINE = MergeTree ORDER BY tuple()');
  const { stream } = await client.exec({ query: 'INSERT INTO raw_lines FORMAT LineAsString', values: Readable.from([injected], { objectMode: false }) });
  stream.resume();
  await expect.poll(() => count('raw_lines')).toBe(4);
  expect(await test.telemetry.rows(`SELECT name FROM system.tables WHERE name = 'pwned'`)).toEqual([]);
});

it('2: a setting of one statement is gone with it; a token is not inherited by the next insert', async () => {
  const { client, command, rows } = test.telemetry;
  await command('CREATE TABLE tokens (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100');
  await client.insert({ table: 'tokens', values: [{ a: 1 }], format: 'JSONEachRow', clickhouse_settings: { insert_deduplication_token: 'once', max_threads: 1, max_block_size: '7' } });
  for (let value = 2; value <= 3; value++) await client.insert({ table: 'tokens', values: [{ a: value }], format: 'JSONEachRow' });
  expect(await count('tokens')).toBe(3);
  const settings = await Promise.all(Array.from({ length: 12 }, () => rows<{ size: number }>(`SELECT getSetting('max_block_size') AS size`)));
  expect(settings.flat().filter(({ size }) => size === 7)).toEqual([]);
});

it('3: after a query broke in the middle of its result, the next ones give their own rows', async () => {
  const { client, rows } = test.telemetry;
  for (let round = 0; round < 8; round++) {
    const broken = await client.query({ query: 'SELECT number, throwIf(number = 500000) FROM numbers(1000000)', format: 'JSONCompactEachRow' });
    expect((await broken.text()).includes('Code: 395.')).toBe(true);
    expect(await Promise.all([rows('SELECT 1 AS one'), rows('SELECT 2 AS two')])).toEqual([[{ one: 1 }], [{ two: 2 }]]);
  }
});

it('4: INSERT … SELECT … FROM input() stores the rows it says it stores', async () => {
  const { client, command, rows } = test.telemetry;
  await command('CREATE TABLE from_input (a String, n UInt64) ENGINE = MergeTree ORDER BY a');
  const lines = client.exec({
    query: `INSERT INTO from_input SELECT line, length(line) FROM input('line String') FORMAT LineAsString`,
    values: Readable.from(['烽火\n\nalert\n'], { objectMode: false }),
  });
  const { stream, summary } = await lines;
  stream.resume();
  expect(summary?.written_rows).toBe('3');
  const objects = await client.command({ query: `INSERT INTO from_input SELECT a, n * 2 FROM input('a String, n UInt64') FORMAT JSONEachRow {"a":"z","n":21}` });
  expect(objects.summary?.written_rows).toBe('1');
  expect(await rows('SELECT * FROM from_input ORDER BY a')).toEqual([
    { a: '', n: 0 },
    { a: 'alert', n: 5 },
    { a: 'z', n: 42 },
    { a: '烽火', n: 6 },
  ]);
});

it('5: a character cut in two by chunking and every binary byte arrive as they were sent', async () => {
  const { client, command, rows } = test.telemetry;
  await command('CREATE TABLE bytes (a String) ENGINE = MergeTree ORDER BY a');
  const umlaut = Buffer.from('{"a":"über 烽火"}\n');
  const chunks = async function* () {
    for (const byte of umlaut) yield Buffer.from([byte]);
  };
  const cut = await client.exec({ query: 'INSERT INTO bytes FORMAT JSONEachRow', values: Readable.from(chunks(), { objectMode: false }) });
  cut.stream.resume();
  await expect.poll(() => count('bytes')).toBe(1);
  expect(await rows('SELECT a FROM bytes')).toEqual([{ a: 'über 烽火' }]);
  await command('TRUNCATE TABLE bytes');
  const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
  const binary = Buffer.concat([Buffer.from([0x80, 0x02]), all, Buffer.from([4]), Buffer.from('\n\n;\0')]);
  const { stream } = await client.exec({ query: 'INSERT INTO bytes FORMAT RowBinary', values: Readable.from([binary.subarray(0, 100), binary.subarray(100)], { objectMode: false }) });
  stream.resume();
  await expect.poll(() => count('bytes')).toBe(2);
  expect(await rows('SELECT hex(a) AS a FROM bytes ORDER BY length(a)')).toEqual([{ a: '0A0A3B00' }, { a: all.toString('hex').toUpperCase() }]);
});
