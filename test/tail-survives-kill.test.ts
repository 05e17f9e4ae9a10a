import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestEngine, testTelemetry } from '#store/embedded/test-engine.ts';

const data = new URL('../../shared/data/logs/', import.meta.url).pathname;
const hasData = existsSync(`${data}truths.json`);
if (!hasData) console.error(`skipped: the real logs are not at ${data}`);

const dir = mkdtempSync(join(tmpdir(), 'fenghuo-kill-'));
let engine: TestEngine;
let child: ChildProcess | undefined;

beforeAll(async () => {
  engine = await testTelemetry();
}, 60_000);
afterAll(async () => {
  await kill();
  await engine.stop();
  rmSync(dir, { recursive: true });
});

const sources = JSON.stringify([
  { id: 'access', kind: 'file', service: 'site', paths: [join(dir, 'log/access.log*')], format: 'combined' },
  { id: 'auth', kind: 'file', service: 'host', paths: [join(dir, 'log/auth.log')], format: 'auth', year: 2017 },
]);

async function start(): Promise<void> {
  const env = { ...process.env, CLICKHOUSE_URL: engine.engine.url, CLICKHOUSE_PASSWORD: engine.engine.password };
  child = spawn(process.execPath, [new URL('collector-child.ts', import.meta.url).pathname, join(dir, 'spool'), sources], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout) await once(child.stdout, 'data');
}

async function kill(): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const rows = <Row>(sql: string): Promise<Row[]> => engine.telemetry.rows<Row>(sql, {});
const count = async (sql: string): Promise<number> => Number((await rows<{ n: string | number }>(`SELECT ${sql} AS n FROM logs`))[0]?.n ?? 0);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Where a file is cut: at any byte, often inside a line, but between two lines where it is rotated. */
function pieceOf(bytes: Buffer, piece: number): Buffer {
  const cut = (at: number): number => {
    const byte = Math.floor((bytes.length * at) / pieces);
    return at === rotateAt ? bytes.indexOf(10, byte) + 1 : byte;
  };
  return bytes.subarray(cut(piece), cut(piece + 1));
}
const pieces = 24;
const rotateAt = 12;

/** Appends the files piece by piece; after every third one the collector is killed and started again, once with a rotation in between. */
async function feed(): Promise<number> {
  let killedBehind = 0;
  const access = readFileSync(`${data}elastic-apache-access/apache_logs`);
  const auth = readFileSync(`${data}elastic-auth/auth.log`);
  for (let piece = 0; piece < pieces; piece++) {
    appendFileSync(join(dir, 'log/access.log'), pieceOf(access, piece));
    appendFileSync(join(dir, 'log/auth.log'), pieceOf(auth, piece));
    await pause((piece * 37) % 160);
    if ((piece + 1) % 3 !== 0) continue;
    await kill();
    const written = linesIn(access, piece) + linesIn(auth, piece);
    if ((await count('count()')) < written) killedBehind++;
    if (piece + 1 === rotateAt) renameSync(join(dir, 'log/access.log'), join(dir, 'log/access.log.1'));
    await start();
  }
  return killedBehind;
}

/** Whole lines up to and with this piece. */
const linesIn = (bytes: Buffer, piece: number): number => pieceOf(bytes, piece).reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), piece === 0 ? 0 : linesIn(bytes, piece - 1));

describe.skipIf(!hasData)('the real logs tailed into the store by a collector that is killed again and again', () => {
  it('give from SQL exactly what was counted without us, raw and rolled up', async () => {
    mkdirSync(join(dir, 'log'));
    // Rollups are kept by the time of the event, and these events are older than any rollup would keep.
    await engine.telemetry.command('SYSTEM STOP TTL MERGES', {});
    await start();
    // A kill in the middle of nothing would prove nothing.
    expect(await feed()).toBeGreaterThan(0);
    await expect.poll(() => count('count()'), { timeout: 60_000, interval: 100 }).toBe(17_121);
    await pause(1_500);
    expect(await count('count()')).toBe(17_121);
    const truth = JSON.parse(readFileSync(`${data}truths.json`, 'utf8'))['elastic-apache-access/apache_logs'];
    const status = await rows<{ status: number; n: string }>(`SELECT status, count() AS n FROM logs WHERE source = 'access' GROUP BY status ORDER BY status`);
    expect(Object.fromEntries(status.map(({ status: code, n }) => [code, Number(n)]))).toEqual(truth.status);
    expect(await count(`countIf(source = 'access' AND mapContains(attributes, 'log.malformed'))`)).toBe(1);
    expect(await count(`uniqExactIf(client, source = 'access')`)).toBe(1_753);
    expect(await count(`countIf(login_outcome = 'failed')`)).toBe(717);
    expect(await count(`sumIf(login_count, login_outcome = 'failed')`)).toBe(1_042);
    expect(await count(`uniqExactIf(client, login_outcome = 'failed')`)).toBe(105);
    expect(await count(`countIf(login_outcome = 'accepted')`)).toBe(226);
    expect(Number((await rows<{ n: string }>('SELECT sum(total) AS n FROM request_10s'))[0]?.n)).toBe(10_000);
    expect(Number((await rows<{ n: string }>('SELECT sum(failed) AS n FROM login_10s'))[0]?.n)).toBe(1_042);
  }, 120_000);
});
