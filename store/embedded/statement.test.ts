import { describe, expect, it, test } from 'vitest';
import { tokens } from './lexer.ts';
import { assertOnlyReads, insertFromFile, readStatement } from './statement.ts';

const inBytes = (sql: string): string => Buffer.from(sql).toString('latin1');
const pieces = (sql: string): string[] => [...tokens(inBytes(sql))].map((token) => Buffer.from(inBytes(sql).slice(token.start, token.end), 'latin1').toString());

describe('the lexer', () => {
  test.each([
    { name: 'leaves out comments of every kind', sql: 'SELECT 1 -- a; b\n/* c\n */ + 2 # d\n#! e\n', gives: ['SELECT', '1', '+', '2'] },
    { name: 'keeps a quoted semicolon inside its string', sql: `'a;b' 'it''s' 'it\\'s;'`, gives: [`'a;b'`, `'it''s'`, `'it\\'s;'`] },
    { name: 'reads identifiers in both quotes', sql: '`a;``b` "c -- d"', gives: ['`a;``b`', '"c -- d"'] },
    { name: 'reads heredocs with and without a name', sql: "$$it's; --$$ $x$ $$ $x$", gives: ["$$it's; --$$", '$x$ $$ $x$'] },
    { name: 'takes an unfinished string to the end', sql: "SELECT 'abc; DROP", gives: ['SELECT', "'abc; DROP"] },
    { name: 'takes an unfinished comment to the end', sql: 'SELECT 1 /* ; DROP', gives: ['SELECT', '1'] },
    { name: 'takes wide spaces for spaces', sql: 'SELECT\u00a01\u3000+\ufeff2', gives: ['SELECT', '1', '+', '2'] },
    { name: 'reads typographic quotes', sql: "SELECT ‘it's; 发票’ AS “a b”", gives: ['SELECT', "‘it's; 发票’", 'AS', '“a b”'] },
    { name: 'keeps Chinese text inside quotes and comments', sql: "SELECT '发票' /* 查询 */ AS `金额` // 元", gives: ['SELECT', "'发票'", 'AS', '`金额`'] },
  ])('$name', ({ sql, gives }) => {
    expect(pieces(sql)).toEqual(gives);
  });
});

describe('a statement', () => {
  test.each([['SELECT 1; SELECT 2'], ['SELECT 1; -- a comment\n DROP TABLE t'], ['INSERT INTO t SELECT 1; DROP TABLE t'], ['CREATE TABLE t (a UInt8) ENGINE = Memory; DROP TABLE t']])(
    'is refused when another follows: %s',
    (sql) => {
      expect(() => readStatement(sql)).toThrow('Multi-statements are not allowed');
    },
  );

  test.each([["SELECT ';'; -- done"], ['SELECT 1;;'], ['SELECT 1 /* ; */ ;']])('may end with a semicolon: %s', (sql) => {
    expect(readStatement(sql).kind).toBe('read');
  });

  test.each([
    ["SELECT 1 INTO OUTFILE '/etc/passwd'"],
    ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV"],
    ["INSERT INTO t SELECT 1 INTO OUTFILE 'x'"],
    ["DROP TABLE t INTO OUTFILE 'x'"],
    ["SELECT 1 INTO\u00a0OUTFILE 'x'"],
    ["SELECT 1 INTO /* */ OUTFILE 'x'"],
    ["SELECT ‘'’ INTO OUTFILE 'x'"],
  ])('may not touch files of the machine: %s', (sql) => {
    expect(() => readStatement(inBytes(sql))).toThrow('not allowed over HTTP');
  });

  test.each(['', '  -- only a comment', '¬ SELECT 1', '"SELECT 1', "'", '\0SELECT 1', '; SELECT 1', '1'])('must begin with a word: %j', (sql) => {
    expect(() => readStatement(inBytes(sql))).toThrow('Syntax error');
  });

  test.each(["SELECT file('/x')", 'SELECT * APPLY file', 'SELECT * APPLY(`file`)', "SELECT `f\\x69le`('/x')", 'SELECT “file”(x)', 'KILL QUERY WHERE 1'])(
    'that only reads keeps to the tables: %s',
    (sql) => {
      expect(() => assertOnlyReads(sql)).toThrow('readonly mode');
    },
  );

  test.each(["SELECT 'file', body FROM logs WHERE body LIKE '%file(%' -- file()", 'SELECT 1 AS `金额`'])('that only reads may speak of files: %s', (sql) => {
    expect(() => assertOnlyReads(sql)).not.toThrow();
  });

  test.each([
    { sql: 'SELECT 1 FORMAT JSON', format: 'JSON', streamable: true },
    { sql: "SELECT format('{}', 1) FROM t", format: undefined, streamable: true },
    { sql: 'SELECT a FROM (SELECT 1 AS a) FORMAT CSV SETTINGS max_threads = 1', format: 'CSV', streamable: true },
    { sql: 'WITH x AS (SELECT 1) SELECT * FROM x', format: undefined, streamable: true },
    { sql: '(SELECT 1) UNION ALL (SELECT 2)', format: undefined, streamable: true },
    { sql: 'SELECT (SELECT sleep(1))', format: undefined, streamable: false },
    { sql: 'SELECT 1 WHERE 1 IN (SELECT sleep(1))', format: undefined, streamable: false },
    { sql: 'WITH (SELECT max(a) FROM t) AS m SELECT m', format: undefined, streamable: false },
    { sql: 'EXPLAIN SELECT 1', format: undefined, streamable: false },
    { sql: 'SHOW TABLES FORMAT JSONEachRow', format: 'JSONEachRow', streamable: false },
  ])('that reads tells its format and whether planning it may take long: $sql', ({ sql, format, streamable }) => {
    expect(readStatement(sql)).toEqual({ kind: 'read', end: sql.length, format, streamable });
  });

  test.each([
    { sql: 'INSERT INTO t FORMAT JSONEachRow\n{"a":1}', data: '{"a":1}', becomes: "INSERT INTO t  FROM INFILE 'F'  FORMAT JSONEachRow" },
    { sql: 'INSERT INTO db.t (a, b) SETTINGS x = 1 FORMAT CSV \r\n1,2', data: '1,2', becomes: "INSERT INTO db.t (a, b)  FROM INFILE 'F' SETTINGS x = 1  FORMAT CSV" },
    { sql: "INSERT INTO t VALUES ('; DROP TABLE t')", data: " ('; DROP TABLE t')", becomes: "INSERT INTO t  FROM INFILE 'F'  FORMAT Values" },
    { sql: 'INSERT INTO TABLE FUNCTION null($$a UInt8$$) FORMAT TSV 1', data: '1', becomes: "INSERT INTO TABLE FUNCTION null($$a UInt8$$)  FROM INFILE 'F'  FORMAT TSV" },
    {
      sql: "INSERT INTO t SELECT upper(s) FROM input('s String') WHERE 1 FORMAT LineAsString\nx",
      data: 'x',
      becomes: "INSERT INTO t SELECT upper(s) FROM file('F', 'LineAsString', 's String') WHERE 1 ",
    },
    { sql: 'INSERT INTO `format` FORMAT TSV\n1', data: '1', becomes: "INSERT INTO `format`  FROM INFILE 'F'  FORMAT TSV" },
  ])('that inserts is told from its data: $sql', ({ sql, data, becomes }) => {
    const statement = readStatement(sql);
    if (statement.kind !== 'insert') throw new Error(`read as ${statement.kind}`);
    expect(sql.slice(statement.dataStart)).toBe(data);
    expect(insertFromFile(sql, statement, 'F')).toBe(becomes);
  });

  it('that inserts from a table has no data', () => {
    expect(readStatement('INSERT INTO t (a) SELECT number FROM numbers(3)')).toMatchObject({ kind: 'insert', format: undefined });
  });
});
