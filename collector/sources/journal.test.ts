import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { LogRecord } from '#collector/log.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { type Clock, systemClock, virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { journal } from './journal.ts';
import type { RunningSource } from './source.ts';

/** Speaks as journalctl does: the entries of a file, from behind a cursor on, and what is added to it later. */
const fakeJournalctl = `#!/bin/sh
dir=$(dirname "$0")
echo "$@" >> "$dir/words"
if [ -f "$dir/refuses" ]; then cat "$dir/refuses" >&2; exit 1; fi
after=0
for word in "$@"; do
  case $word in
    --after-cursor=c*) after=\${word#--after-cursor=c} ;;
    --lines=0) after=$(wc -l < "$dir/entries") ;;
  esac
done
if [ -f "$dir/ends" ]; then exec tail -n +$((after + 1)) "$dir/entries"; fi
exec tail -n +$((after + 1)) -f "$dir/entries"
`;

let dir: string;
let spool: Spool;
let written: number;
const running: RunningSource[] = [];
const told: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-journal-'));
  await mkdir(join(dir, 'bin'));
  await writeFile(join(dir, 'bin/journalctl'), fakeJournalctl, { mode: 0o755 });
  await writeFile(join(dir, 'bin/entries'), '');
  written = 0;
  told.length = 0;
  vi.stubEnv('PATH', `${join(dir, 'bin')}:${process.env.PATH}`);
  spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 100_000_000, clock: systemClock });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stopAll();
  await spool.close();
  await rm(dir, { recursive: true });
});

const stopAll = () => Promise.all(running.splice(0).map((source) => source.stop()));
const at = Date.now() - 5_000;

async function add(...entries: Record<string, unknown>[]): Promise<void> {
  const lines = entries.map((entry) => `${JSON.stringify({ __CURSOR: `c${++written}`, __REALTIME_TIMESTAMP: `${at}123`, _HOSTNAME: 'web-1', ...entry })}\n`);
  await appendFile(join(dir, 'bin/entries'), lines.join(''));
}

function start(more: Record<string, unknown> = {}, clock: Clock = systemClock): RunningSource {
  const config = journal.schema.parse({ id: 'system', kind: 'journal', service: 'host', start_at: 'beginning', ...more });
  const source = journal.make(config as never, undefined).start({ spool, clock, onError: (error) => told.push((error as Error).message) });
  running.push(source);
  return source;
}

async function rows(count: number): Promise<LogRecord[]> {
  const got: LogRecord[] = [];
  const look = async () => {
    for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
      if (taken.batch.kind === 'logs') got.push(...taken.batch.rows);
      await spool.acknowledge(taken);
    }
    return got.length;
  };
  await expect.poll(look, { interval: 5, timeout: 20_000 }).toBe(count);
  return got;
}
const words = async () => (await readFile(join(dir, 'bin/words'), 'utf8')).trim().split('\n');

describe('entries', () => {
  it('become records with their unit, program, process, severity and time', async () => {
    await add({
      MESSAGE: '查询 13812345678 失败',
      PRIORITY: '3',
      SYSLOG_FACILITY: '3',
      SYSLOG_IDENTIFIER: 'my app',
      _PID: '77',
      _SYSTEMD_UNIT: 'invoice.service',
      _SOURCE_REALTIME_TIMESTAMP: `${at - 1_000}999`,
    });
    const source = start();
    expect(await rows(1)).toEqual([
      {
        ...{ timestamp: at - 1_000, observedTimestamp: expect.any(Number) as number, severityNumber: 17, severityText: 'ERROR', service: 'host', source: 'system', body: '查询 138****5678 失败' },
        attributes: { 'host.name': 'web-1', 'syslog.appname': 'my app', 'systemd.unit': 'invoice.service', 'process.pid': 77, 'syslog.facility': 3 },
      },
    ]);
    expect(source.health()).toMatchObject({ kind: 'journal', open: 1, lines: 1, events: 1, masked: 1, malformed: 0, dropped: 0, lastError: null });
  });

  test.each([
    { name: 'bytes that are no text', entry: { MESSAGE: [...Buffer.from('a\u0007烽')] }, body: 'a\u0007烽' },
    { name: 'a field that is there twice', entry: { MESSAGE: ['one', [...Buffer.from('two')]] }, body: 'one\ntwo' },
    { name: 'several lines', entry: { MESSAGE: ' a\n  b' }, body: ' a\n  b' },
    { name: 'a number that is none', entry: { MESSAGE: 'x', PRIORITY: '99', _PID: 'x', __REALTIME_TIMESTAMP: 'x' }, body: 'x' },
    { name: 'structured data of its own', entry: { MESSAGE: '[a@1 k="v"] x' }, body: '[a@1 k="v"] x' },
  ])('may hold $name', async ({ entry, body }) => {
    await add(entry);
    start();
    expect(await rows(1)).toMatchObject([{ body, severityNumber: 9 }]);
  });

  it('without a text are passed over and counted, and so is what is no entry', async () => {
    await add({ PRIORITY: '6' }, { MESSAGE: null });
    await appendFile(join(dir, 'bin/entries'), 'noise\n["noise"]\n{}\n');
    written += 3;
    await add({ MESSAGE: 'x' });
    const source = start();
    await rows(1);
    expect(source.health()).toMatchObject({ lines: 6, events: 1, blank: 2, malformed: 3 });
  });

  it('tell of logins where that is asked for', async () => {
    await add({ MESSAGE: 'Failed password for root from 192.0.2.7 port 4 ssh2', SYSLOG_IDENTIFIER: 'sshd-session', PRIORITY: '6' });
    start({ format: 'auth' });
    expect(await rows(1)).toMatchObject([{ attributes: { 'login.outcome': 'failed', 'user.name': 'root', 'client.address': '192.0.2.7' } }]);
  });
});

it('an entry may hold a line of a program in its own format; what the journal knows stands beside it', async () => {
  await add({ MESSAGE: '{"level":"error","msg":"查询失败","ms":12}', SYSLOG_IDENTIFIER: 'invoice', PRIORITY: '6' }, { MESSAGE: 'started', SYSLOG_IDENTIFIER: 'invoice', PRIORITY: '4' });
  const source = start({ format: 'json' });
  expect(await rows(2)).toMatchObject([
    { body: '查询失败', severityNumber: 17, timestamp: at, attributes: { ms: 12, 'syslog.appname': 'invoice', 'host.name': 'web-1' } },
    { body: 'started', severityNumber: 13 },
  ]);
  expect(source.health()).toMatchObject({ lines: 2, events: 1, malformed: 1 });
});

describe('the program', () => {
  it('is told which entries are wanted', async () => {
    await add({ MESSAGE: 'old' });
    start({ units: ['sshd.service', 'nginx.service'], identifiers: ['sudo'], directory: '/var/log/journal', start_at: 'end' });
    await expect.poll(() => existsSync(join(dir, 'bin/words')), { timeout: 20_000 }).toBe(true);
    expect((await words())[0]).toMatch(/--follow --merge --boot=all --all .*--lines=0 --unit=sshd\.service --unit=nginx\.service --identifier=sudo --directory=\/var\/log\/journal$/);
  });

  it('goes on behind the last entry that was kept, also after a restart', async () => {
    await add({ MESSAGE: 'one' }, { MESSAGE: 'two' });
    start();
    expect((await rows(2)).map(({ body }) => body)).toEqual(['one', 'two']);
    await stopAll();
    await spool.close();
    spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 100_000_000, clock: systemClock });
    expect(spool.cursor('system')).toBe('c2');
    await add({ MESSAGE: 'three' });
    start();
    expect((await rows(1)).map(({ body }) => body)).toEqual(['three']);
    expect((await words())[1]).toContain('--after-cursor=c2 --no-tail');
  });

  it('is started again when it ends, and nothing comes twice', async () => {
    const clock = virtualClock(unixMs(at));
    await add({ MESSAGE: 'one' });
    await writeFile(join(dir, 'bin/ends'), '');
    const source = start({}, clock);
    expect((await rows(1)).map(({ body }) => body)).toEqual(['one']);
    await expect.poll(() => source.health().lastError, { timeout: 20_000 }).toBe('system: journalctl ended with code 0');
    await rm(join(dir, 'bin/ends'));
    await add({ MESSAGE: 'two' });
    await clock.advance(durationMs(1_000));
    expect((await rows(1)).map(({ body }) => body)).toEqual(['two']);
    expect(source.health()).toMatchObject({ open: 1, events: 2, lastError: null });
  });

  test.each([
    { name: 'that refuses', refuses: 'Failed to seek to cursor: Invalid argument', reason: 'system: Failed to seek to cursor: Invalid argument' },
    { name: 'that is missing', refuses: null, reason: 'system: journalctl is not on this machine: install systemd, or take this source out' },
  ])('$name is one error, however often it is tried', async ({ refuses, reason }) => {
    const clock = virtualClock(unixMs(at));
    if (refuses === null) vi.stubEnv('PATH', join(dir, 'nothing'));
    else await writeFile(join(dir, 'bin/refuses'), `${refuses}\n`);
    const source = start({}, clock);
    for (let tries = 1; tries < 4; tries++) {
      await expect.poll(() => source.health().lastError, { timeout: 20_000 }).toBe(reason);
      await clock.advance(durationMs(60_000));
    }
    expect(told).toEqual([reason]);
    expect(source.health()).toMatchObject({ open: 0, lines: 0, lagMs: null });
  });

  test.skipIf(!existsSync('/usr/bin/journalctl'))('of this machine understands what it is told (skipped where there is none)', async () => {
    await mkdir(join(dir, 'empty'));
    await rm(join(dir, 'bin/journalctl'));
    const source = start({ directory: join(dir, 'empty'), units: ['sshd.service'], identifiers: ['sudo'] });
    await expect.poll(() => source.health().open, { timeout: 20_000 }).toBe(1);
    await stopAll();
    expect(told).toEqual([]);
    expect(source.health()).toMatchObject({ open: 0, lastError: null });
  });
});

test.each([
  { more: { units: ['--file=/etc/passwd'] }, path: 'units' },
  { more: { identifiers: ['-x'] }, path: 'identifiers' },
  { more: { directory: 'relative' }, path: 'directory' },
])('a name that would be taken for an option is refused: $path', ({ more, path }) => {
  const parsed = journal.schema.safeParse({ id: 'system', kind: 'journal', service: 'host', ...more });
  expect(parsed.error?.issues[0]?.path[0]).toBe(path);
});
