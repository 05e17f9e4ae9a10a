import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { createQuestions } from './questions.ts';
import { lex, written } from './questions-sql-lexer.ts';

let engine: TestEngine;
let ask: ReturnType<typeof createQuestions>['sql'];
let outside: Server;
let visits = 0;
let outsideUrl = '';

beforeAll(async () => {
  engine = await testTelemetry();
  ask = createQuestions(engine.telemetry).sql;
  await engine.telemetry.client.insert({
    table: 'samples',
    format: 'JSONEachRow',
    values: [1, 2, 3].map((value) => ({ at: new Date().toISOString().replace('T', ' ').replace('Z', ''), metric: 'up', series: value, labels: { job: 'a' }, value })),
  });
  outside = createServer((_, response) => {
    visits++;
    response.end('1\n');
  });
  await new Promise<void>((ready) => outside.listen(0, '127.0.0.1', ready));
  outsideUrl = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/x`;
}, 60_000);
afterAll(async () => {
  outside.close();
  await engine.stop();
});

describe('what is answered', () => {
  test.each([
    ['a count', 'SELECT count() AS n FROM samples', [{ n: 3 }]],
    ['a qualified table', 'select sum(value) as s from fenghuo.samples', [{ s: 6 }]],
    ['a common table expression', 'WITH a AS (SELECT value FROM samples) SELECT max(value) AS m FROM a', [{ m: 3 }]],
    ['comments and a final semicolon', 'SELECT /* how many */ count() AS n -- rows\nFROM samples;', [{ n: 3 }]],
    ['labels of a map', `SELECT labels['job'] AS job FROM samples LIMIT 1`, [{ job: 'a' }]],
    ['texts that look like trouble', `SELECT 'system.users; INTO OUTFILE url(' AS t`, [{ t: 'system.users; INTO OUTFILE url(' }]],
    ['a quote inside a text', `SELECT 'it''s' AS t, 'a\\'b' AS u`, [{ t: `it's`, u: `a'b` }]],
    ['numbers for a calendar', 'SELECT number FROM numbers(2)', [{ number: 0 }, { number: 1 }]],
    ['a lambda and a cast', `SELECT arrayMap(x -> x + 1, [1, 2]) AS a, '3'::UInt8 AS b`, [{ a: [2, 3], b: 3 }]],
    ['Chinese inside a text', `SELECT '验证码' AS t`, [{ t: '验证码' }]],
  ])('%s', async (_, statement, data) => {
    const answer = await ask({ statement });
    expect(answer).toMatchObject({ ok: true, data, rows: data.length });
  });

  it('the answer names its columns', async () => {
    expect(await ask({ statement: 'SELECT metric, value FROM samples LIMIT 1' })).toMatchObject({
      ok: true,
      meta: [
        { name: 'metric', type: 'LowCardinality(String)' },
        { name: 'value', type: 'Float64' },
      ],
    });
  });
});

describe('what is refused', () => {
  test.each([
    ['a write', 'INSERT INTO samples SELECT * FROM samples'],
    ['a drop', 'DROP TABLE samples'],
    ['a second statement', 'SELECT 1; DROP TABLE samples'],
    ['a second statement behind a comment', 'SELECT 1 /* */ ; -- \n DROP TABLE samples'],
    ['a file', `SELECT * FROM file('/etc/passwd', 'LineAsString', 'l String')`],
    ['a file by another case', `SELECT * FROM FiLe('/etc/passwd', LineAsString)`],
    ['a file with a comment in between', `SELECT * FROM file/**/('/etc/passwd')`],
    ['a quoted function name', "SELECT * FROM `file`('/etc/passwd')"],
    ['a double-quoted function name', `SELECT * FROM "url"('http://127.0.0.1/')`],
    ['a scalar file', `SELECT file('/etc/passwd')`],
    ['s3', `SELECT * FROM s3('http://127.0.0.1/b/k', 'CSV')`],
    ['remote', `SELECT * FROM remote('127.0.0.1', 'system', 'users')`],
    ['cluster', `SELECT * FROM cluster('default', system, one)`],
    ['merge', `SELECT * FROM merge('system', '.*')`],
    ['view', 'SELECT * FROM view(SELECT 1)'],
    ['executable', `SELECT * FROM executable('id', 'TSV', 'l String')`],
    ['python', `SELECT * FROM python('x')`],
    ['loop', 'SELECT * FROM loop(system.one) LIMIT 1'],
    ['mysql', `SELECT * FROM mysql('127.0.0.1:3306', 'a', 'b', 'c', 'd')`],
    ['a dictionary', `SELECT dictGet('d', 'x', 1)`],
    ['a dictionary as a table', `SELECT * FROM dictionary('d')`],
    ['a join table', `SELECT joinGet('fenghuo.checks', 'probe', 1)`],
    ['system tables', 'SELECT * FROM system.tables'],
    ['system tables in backticks', 'SELECT * FROM `system`.`tables`'],
    ['system tables in one pair of backticks', 'SELECT * FROM `system.tables`'],
    ['system tables by IN', 'SELECT 1 WHERE 1 IN system.one'],
    ['system tables in a subquery', 'SELECT (SELECT count() FROM system.users)'],
    ['system tables by join', 'SELECT * FROM samples AS s JOIN system.tables AS t ON 1 = 1'],
    ['the information schema', 'SELECT * FROM INFORMATION_SCHEMA.TABLES'],
    ['a table that is not documented', 'SELECT * FROM login_10s'],
    ['a view behind a rollup', 'SELECT * FROM check_10s_mv'],
    ['a file to write', `SELECT 1 INTO OUTFILE '/tmp/fenghuo-outfile'`],
    ['a file to write behind a comment', `SELECT 1 INTO/**/OUTFILE '/tmp/fenghuo-outfile'`],
    ['settings of its own', 'SELECT 1 SETTINGS readonly = 0'],
    ['another format', 'SELECT 1 FORMAT Null'],
    ['a plan', 'EXPLAIN SELECT 1'],
    ['a plan in a subquery', 'SELECT * FROM (EXPLAIN SELECT 1)'],
    ['a placeholder', 'SELECT {x:String}'],
    ['a heredoc', `SELECT $$a$$`],
    ['curly quotes', 'SELECT ‘a’ FROM “system”.“users”'],
    ['sleep', 'SELECT sleep(3)'],
    ['the host', 'SELECT hostName()'],
    ['the network by a model', `SELECT aiGenerate('a', 'b')`],
    ['a server setting', `SELECT getServerSetting('max_connections')`],
    ['an unclosed text', `SELECT 'a`],
    ['an unclosed comment', 'SELECT 1 /* FROM samples'],
    ['nothing', ''],
  ])('%s', async (_, statement) => {
    const answer = await ask({ statement });
    expect(answer).toMatchObject({ ok: false, code: 'refused' });
  });

  it('the engine itself refuses sources, should the guard ever miss one', async () => {
    const { client } = engine.telemetry;
    for (const source of [`url('${outsideUrl}', 'LineAsString', 'l String')`, `file('/etc/passwd', 'LineAsString', 'l String')`, `remote('127.0.0.1', 'system', 'one')`]) {
      await expect(client.query({ query: `SELECT * FROM ${source}`, clickhouse_settings: { readonly: '1' } }).then((answer) => answer.text())).rejects.toThrow(/readonly|READONLY/);
    }
    await expect(client.command({ query: 'DROP TABLE samples', clickhouse_settings: { readonly: '1' } })).rejects.toThrow(/readonly/i);
    expect(visits).toBe(0);
    expect(existsSync(join('/tmp', 'fenghuo-outfile'))).toBe(false);
  });
});

describe('limits', () => {
  test.each([
    ['rows', 'SELECT number FROM numbers(100000)'],
    ['time or rows read', 'SELECT count() FROM numbers(100000000000) WHERE number % 7 = 3'],
    ['memory', 'SELECT groupArray(number) FROM numbers(400000000)'],
  ])(
    'too much of %s ends with a limit',
    async (_, statement) => {
      expect(await ask({ statement })).toMatchObject({ ok: false, code: 'limit' });
    },
    20_000,
  );

  it('a wrong statement says what is wrong with it', async () => {
    const answer = await ask({ statement: 'SELECT nothing_here FROM samples' });
    expect(answer).toMatchObject({ ok: false, code: 'failed' });
    expect(answer.ok === false && answer.message).toMatch(/nothing_here/);
  });

  it('the limits do not stick to the next question', async () => {
    await ask({ statement: 'SELECT 1' });
    expect(await engine.telemetry.rows('SELECT number FROM numbers(20000)')).toHaveLength(20_000);
  });
});

describe('reading statements', () => {
  it('what is sent reads back as what was read, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (typed) => {
        const first = lex(typed);
        if (!first.ok) return;
        const again = lex(written(first.tokens));
        expect(again).toEqual(first);
      }),
      { numRuns: 2000 },
    );
  });
});
