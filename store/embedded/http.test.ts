import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { ask, good, settling, table, test, text } from './test-http.ts';

describe('identity', () => {
  it('answers /ping to anyone and nothing else', async () => {
    expect(await (await fetch(`${test.engine.url}/ping`)).text()).toBe('Ok.\n');
    expect((await fetch(`${test.engine.url}/?query=SELECT+1`)).status).toBe(403);
    expect((await fetch(`${test.engine.url}/elsewhere`)).status).toBe(404);
  });

  it('takes the password as Basic, as headers and in the URL, and no other', async () => {
    const basic = (password: string) => ({ authorization: `Basic ${btoa(`default:${password}`)}` });
    const url = `${test.engine.url}/?query=SELECT+1`;
    expect(await (await fetch(url, { headers: basic(test.engine.password) })).text()).toBe('1\n');
    expect(await (await fetch(`${url}&user=default&password=${test.engine.password}`)).text()).toBe('1\n');
    const wrong = await fetch(url, { headers: basic('wrong') });
    expect([wrong.status, wrong.headers.get('x-clickhouse-exception-code')]).toEqual([403, '516']);
    expect(await wrong.text()).toContain('Authentication failed');
  });
});

describe('queries', () => {
  it('come by GET, by body, and by both', async () => {
    const get = await fetch(`${test.engine.url}/?query=SELECT+1&password=${test.engine.password}`);
    expect(await get.text()).toBe('1\n');
    expect(await text('', { body: 'SELECT 2' })).toBe('2\n');
    expect(await text('SELECT', { body: '3' })).toBe('3\n');
  });

  it('by GET may not change anything', async () => {
    const response = await fetch(`${test.engine.url}/?query=CREATE+TABLE+default.x+(a+UInt8)+ENGINE=Memory&password=${test.engine.password}`);
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([403, '164']);
  });

  it('take parameters of every sort, also ones that look like SQL', async () => {
    const query = 'SELECT {s:String} AS s, {n:Nullable(UInt8)} AS n, {a:Array(String)} AS a, {d:DateTime64(3)} AS d FROM system.{t:Identifier}';
    const params = { param_s: `it's \\\\ \\t "x"; DROP TABLE logs -- 烽火`, param_n: '\\N', param_a: "['a','b\\'c']", param_d: '2026-01-02 03:04:05.678', param_t: 'one' };
    expect(JSON.parse(await text(query, { url: { ...params, default_format: 'JSONEachRow' } }))).toEqual({
      s: `it's \\ \t "x"; DROP TABLE logs -- 烽火`,
      n: null,
      a: ['a', "b'c"],
      d: '2026-01-02 03:04:05.678',
    });
  });

  it('take a parameter of a hundred thousand characters', async () => {
    expect(await text('SELECT length({p:String})', { url: { param_p: 'x'.repeat(100_000) } })).toBe('100000\n');
  });

  it('of five megabytes of noise are refused in words, and the next one is answered', async () => {
    const noise = new Uint8Array(randomBytes(5_000_000));
    for (const body of [noise, new Uint8Array(Buffer.from(';'.repeat(5_000_000))), new Uint8Array(Buffer.concat([Buffer.from('SELECT '), noise])), new Uint8Array(Buffer.from('$a$'.repeat(20_000)))]) {
      expect(await text('', { body })).toMatch(/^Code: \d+\. DB::Exception/);
    }
    for (const format of ['RowBinary', 'Native', 'Parquet', 'JSONEachRow', 'CSV', 'Values'])
      expect(await text(`INSERT INTO logs FORMAT ${format}`, { body: noise })).toMatch(/^Code: \d+\. DB::Exception/);
    expect(await text('SELECT 1')).toBe('1\n');
  });

  it('with parameters run side by side without seeing each other’s', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => text('SELECT {p:String}, sleepEachRow(0.005)', { url: { param_p: `v${index}` } })));
    expect(answers.map((answer) => answer.split('\t')[0])).toEqual(Array.from({ length: 60 }, (_, index) => `v${index}`));
  });

  it('several run at once', async () => {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => text('SELECT sleep(1.5)')));
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });

  it('never wait behind slow ones when they store', async () => {
    await good('CREATE TABLE lanes (a UInt8) ENGINE = Memory');
    const slow = settling(Promise.all(Array.from({ length: 8 }, () => text('SELECT sleep(2)'))));
    await good('INSERT INTO lanes VALUES (1)');
    expect(slow.settled()).toBe(false);
    await slow.end;
  });

  it('tell what they read, when asked for it', async () => {
    await good('CREATE TABLE counted ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(150000)');
    const response = await good('SELECT sum(number) FROM counted WHERE number % 2 = 0', { url: { wait_end_of_query: '1', send_progress_in_http_headers: '1' } });
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ read_rows: '150000', result_rows: '1', written_rows: '0' });
    expect(response.headers.get('x-clickhouse-progress')).toContain('"read_rows":"150000"');
    const json = await good('SELECT number FROM counted LIMIT 3', { url: { default_format: 'JSON' } });
    const { statistics } = (await json.json()) as { statistics: { rows_read: number } };
    expect(JSON.parse(json.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ read_rows: String(statistics.rows_read), result_rows: '3' });
  });

  it('answer others while one is planned for long', async () => {
    const slow = settling(text('SELECT (SELECT sleep(3))'));
    await systemClock.sleep(durationMs(100));
    expect(await text('SELECT 1')).toBe('1\n');
    expect(slow.settled()).toBe(false);
    await slow.end;
  });

  it.each([
    { query: 'SELECT * FROM nowhere', code: '60', status: 404 },
    { query: 'SELEC 1', code: '62', status: 400 },
    { query: 'SELECT nothing', code: '47', status: 404 },
    { query: 'SELECT throwIf(1)', code: '395', status: 500 },
    { query: 'SELECT {x:UInt8}', code: '456', status: 404 },
    { query: 'SELECT 1; SELECT 2', code: '62', status: 400 },
  ])('that fail tell ClickHouse’s code $code and status $status: $query', async ({ query, code, status }) => {
    const response = await ask(query);
    expect([response.status, response.headers.get('x-clickhouse-exception-code')]).toEqual([status, code]);
    expect(await response.text()).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: .*\\([A-Z_]+\\) \\(version 26`, 's'));
  });

  it('that fail after rows were sent say so in the body, as a server does', async () => {
    const response = await ask('SELECT number, throwIf(number = 3000000) FROM numbers(4000000)');
    expect(response.status).toBe(200);
    const tag = response.headers.get('x-clickhouse-exception-tag') ?? '';
    const body = await response.text();
    expect(body.length).toBeGreaterThan(1_000_000);
    expect(body.slice(-600)).toMatch(new RegExp(`\\r\\n__exception__\\r\\n${tag}\\r\\nCode: 395\\..*\\n\\d+ ${tag}\\r\\n__exception__\\r\\n$`, 's'));
  });

  it('stream: the first rows come while the rest is still computed', async () => {
    const response = await ask('SELECT sleepEachRow(0.3) FROM numbers(10) SETTINGS max_block_size = 1');
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(first?.value?.length).toBeLessThan('0\n'.length * 10);
    await reader?.cancel();
  });

  it('are killed when the client goes away', async () => {
    const leave = new AbortController();
    const gone = ask('SELECT count() FROM numbers(1e12) WHERE sipHash64(number) = 1 -- left alone', { signal: leave.signal }).catch(() => 'gone');
    const running = async () => Number(await text(`SELECT count() FROM system.processes WHERE query LIKE '%1e12%' AND query NOT LIKE '%system.processes%'`));
    while ((await running()) === 0);
    leave.abort();
    expect(await gone).toBe('gone');
    const startedAt = performance.now();
    while ((await running()) > 0) if (performance.now() - startedAt > 15_000) throw new Error('still running');
  });
});

describe('settings', () => {
  it('in the URL count for one statement, and the statement’s own win', async () => {
    const query = `SELECT getSetting('max_block_size'), getSetting('max_threads')`;
    expect(await text(`${query} SETTINGS max_threads = 3`, { url: { max_block_size: '77', max_threads: '2' } })).toBe('77\t3\n');
    expect((await text(query)).startsWith('77')).toBe(false);
  });

  it('that limit cannot be loosened inside the statement', async () => {
    const readonly = { url: { readonly: '1', max_result_rows: '10' } };
    expect(await text('SELECT number FROM numbers(20) SETTINGS max_result_rows = 0', readonly)).toContain('Code: 164');
    expect(await text('SELECT number FROM numbers(20) SETTINGS readonly = 0', readonly)).toContain('Code: 164');
    expect(await text('SELECT number FROM numbers(20)', readonly)).toContain('Code: 396');
    expect(await text('DROP TABLE logs', readonly)).toContain('Code: 164');
  });

  it.each([
    "SELECT file('/etc/passwd')",
    'SELECT `file`(name) FROM system.one',
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV)",
    'KILL QUERY WHERE 1',
    'SYSTEM SHUTDOWN',
  ])('of a reader let nothing out of the tables: %s', async (query) => {
    expect(await text(query, { url: { readonly: '1' } })).toContain('Code: 164.');
  });

  it.each([
    { url: { max_execution_time: '1' }, query: 'SELECT count() FROM numbers(1e13) WHERE sipHash64(number) = 1', code: 159 },
    { url: { max_memory_usage: '20000000' }, query: 'SELECT groupArray(number) FROM numbers(100000000)', code: 241 },
  ])('are enforced: $url', async ({ url, query, code }) => {
    expect(await text(query, { url })).toContain(`Code: ${code}.`);
  });

  it('that do not exist are an error', async () => {
    expect(await text('SELECT 1', { url: { no_such_setting: '1' } })).toContain('Code: 115.');
  });
});

describe('inserts', () => {
  it.each([
    { format: 'JSONEachRow', body: '{"a":1,"b":"x\\n\\ny"}\n{"a":2,"b":"烽火"}\n' },
    { format: 'JSONCompactEachRow', body: '[1,"x\\n\\ny"]\n[2,"烽火"]' },
    { format: 'CSV', body: '1,"x\n\ny"\n2,烽火\n' },
    { format: 'TSV', body: '1\tx\\n\\ny\n2\t烽火\n' },
    { format: 'RowBinary', body: Buffer.concat([Buffer.from([1, 4]), Buffer.from('x\n\ny'), Buffer.from([2, 6]), Buffer.from('烽火')]) },
    { format: 'Values', body: `(1, 'x\\n\\ny'), (2, '烽火')` },
  ])('in $format store what was sent', async ({ format, body }) => {
    const name = await table('a UInt8, b String');
    const response = await good(`INSERT INTO ${name} FORMAT ${format}`, { body: new Uint8Array(Buffer.from(body)) });
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '2' });
    expect(await text(`SELECT * FROM ${name} ORDER BY a FORMAT JSONCompactEachRow`)).toBe('[1, "x\\n\\ny"]\n[2, "烽火"]\n');
  });

  it.each(['Native', 'Parquet', 'Arrow', 'ORC'])('in %s survive every byte, split anywhere', async (format) => {
    const name = await table('a UInt64, b String');
    const made = await (await good(`SELECT number AS a, randomString(200) AS b FROM numbers(20000) FORMAT ${format}`)).bytes();
    const pieces = new ReadableStream({
      start(controller) {
        for (let at = 0; at < made.length; at += 9_973) controller.enqueue(made.subarray(at, at + 9_973));
        controller.close();
      },
    });
    const response = await fetch(`${test.engine.url}/?database=fenghuo&query=INSERT+INTO+${name}+FORMAT+${format}&password=${test.engine.password}`, {
      method: 'POST',
      body: pieces,
      duplex: 'half',
    } as RequestInit);
    expect(response.status, await response.text()).toBe(200);
    expect(await text(`SELECT count(), uniqExact(a), min(length(b)) FROM ${name}`)).toBe('20000\t20000\t200\n');
  });

  it('take the data from after the statement in one body', async () => {
    const name = await table('a UInt8, b String');
    await good('', { body: `INSERT INTO ${name} (b, a) FORMAT JSONEachRow {"a":1,"b":"x"}` });
    await good(`INSERT INTO ${name} FORMAT CSV 2,"y"`);
    await good('', { body: `INSERT INTO ${name} VALUES (3, 'z;'), (4, '烽');` });
    expect(await text(`SELECT * FROM ${name} ORDER BY a`)).toBe('1\tx\n2\ty\n3\tz;\n4\t烽\n');
  });

  it('pass through SELECT … FROM input()', async () => {
    const name = await table('a UInt8, b String');
    const response = await good(`INSERT INTO ${name} SELECT length(line), upper(line) FROM input('line String') WHERE line != '' FORMAT LineAsString`, { body: 'one\n\nthree\nDROP TABLE logs;\n' });
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '3' });
    expect(await text(`SELECT b FROM ${name} ORDER BY a`)).toBe('ONE\nTHREE\nDROP TABLE LOGS;\n');
  });

  it('are counted together with what their views wrote', async () => {
    const name = await table('a UInt8');
    await good(`CREATE MATERIALIZED VIEW ${name}_mv ENGINE = MergeTree ORDER BY a AS SELECT a FROM ${name}`);
    const response = await good(`INSERT INTO ${name} SELECT number FROM numbers(100)`);
    expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toMatchObject({ written_rows: '200' });
  });

  it('that are broken store nothing and say where, without naming a file of ours', async () => {
    const name = await table('a UInt8');
    const response = await ask(`INSERT INTO ${name} FORMAT JSONEachRow`, { body: '{"a":1}\n{"a":"x"}\n' });
    const message = await response.text();
    expect(response.status).toBe(400);
    expect(message).toContain('at row 2');
    expect(message).not.toContain('/dev/shm');
    expect(await text(`SELECT count() FROM ${name}`)).toBe('0\n');
  });

  it('may be gzipped, and so may answers', async () => {
    const name = await table('a UInt32');
    const body = new Uint8Array(gzipSync(Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('')));
    await good(`INSERT INTO ${name} FORMAT TSV`, { body, headers: { 'Content-Encoding': 'gzip' } });
    const plain = await good(`SELECT a FROM ${name} ORDER BY a`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    await plain.bytes();
    const response = await good(`SELECT a FROM ${name} ORDER BY a`, { headers: { 'Accept-Encoding': 'gzip' }, url: { enable_http_compression: '1' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect((await response.text()).split('\n').length).toBe(100_001);
  });

  it('are read from a file only where one was laid down by us', async () => {
    const name = await table('a UInt32');
    const insert = (path: string) => ask(`INSERT INTO ${name} FORMAT TSV`, { headers: { 'x-fenghuo-body-file': path } });
    for (const path of ['/etc/passwd', `${test.dataDir}/status`, '/dev/shm/body-1', `/dev/shm/fenghuo-engine-${test.engine.pid}/body-1`, '../body-1']) {
      const response = await insert(path);
      expect(response.status).not.toBe(200);
      expect(await response.text()).toContain('does not name a body');
    }
    const path = test.engine.handOver.path(10);
    writeFileSync(path, '1\n2\n3\n');
    expect((await insert(path)).status).toBe(200);
    await test.engine.handOver.remove(path);
    expect(await (await good(`SELECT sum(a) FROM ${name}`)).text()).toBe('6\n');
  });

  it('leave nothing behind in the temporary storage', async () => {
    expect(readdirSync(`/dev/shm/fenghuo-engine-${test.engine.pid}`)).toEqual([]);
  });
});

describe('sessions', () => {
  it('keep temporary tables and settings; statements outside see neither', async () => {
    const session = { url: { session_id: 's1' } };
    await good('CREATE TEMPORARY TABLE mine (a UInt8)', session);
    await good('INSERT INTO mine VALUES (7)', session);
    await good('SET max_block_size = 123', session);
    expect(await text(`SELECT a, getSetting('max_block_size') FROM mine`, session)).toBe('7\t123\n');
    expect(await text('SELECT 1', { url: { session_id: 's1', max_block_size: '5' } })).toBe('1\n');
    expect(await text(`SELECT getSetting('max_block_size')`, session)).toBe('123\n');
    expect(await text('SELECT * FROM mine')).toContain('Code: 60.');
  });

  it('are locked while they run a statement', async () => {
    const first = text('SELECT sleep(0.5)', { url: { session_id: 's2' } });
    await systemClock.sleep(durationMs(100));
    expect(await text('SELECT 1', { url: { session_id: 's2' } })).toContain('Code: 373.');
    await first;
  });
});
