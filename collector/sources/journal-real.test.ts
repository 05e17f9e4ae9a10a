import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LogRecord } from '#collector/log.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { systemClock } from '#lib/clock.ts';
import { journal } from './journal.ts';

/** systemd's own journald, in a mount namespace whose /run is a folder of the test, so that nothing of this machine is touched. */
const journald = '/usr/lib/systemd/systemd-journald';
const inNamespace = 'mount --bind "$0" /run && mkdir -p /run/systemd/journal /run/log/journal && "$1" & read -r line; kill $!; wait';

function namespacesAllowed(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
const able = process.getuid?.() === 0 && existsSync(journald) && existsSync('/usr/bin/journalctl') && existsSync('/usr/bin/logger') && namespacesAllowed();

const field = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

async function bodies(spool: Spool, last: string): Promise<LogRecord[]> {
  const got: LogRecord[] = [];
  const look = async () => {
    for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
      if (taken.batch.kind === 'logs') got.push(...taken.batch.rows);
      await spool.acknowledge(taken);
    }
    return got.some(({ body }) => body === last);
  };
  await expect.poll(look, { interval: 20, timeout: 30_000 }).toBe(true);
  return got.filter(({ attributes }) => attributes['syslog.appname'] === 'wire');
}

test.skipIf(!able)('what the journal of systemd itself takes is there once, through a restart (skipped without root, journald or namespaces)', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'fenghuo-journald-'));
  const run = join(dir, 'run');
  await mkdir(run);
  const daemon = spawn('unshare', ['-m', 'sh', '-c', inNamespace, run, journald], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(daemon, 'close');
  const spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 100_000_000, clock: systemClock });
  const config = journal.schema.parse({ id: 'system', kind: 'journal', service: 'host', start_at: 'beginning', directory: join(run, 'log/journal') });
  const start = () => journal.make(config as never, undefined).start({ spool, clock: systemClock, onError: () => {} });
  const log = (MESSAGE: string) =>
    execFileSync('unshare', ['-m', 'sh', '-c', 'mount --bind "$0" /run && exec logger --journald', run], { input: field({ MESSAGE, SYSLOG_IDENTIFIER: 'wire', PRIORITY: '3' }) });
  try {
    await expect.poll(() => existsSync(join(run, 'systemd/journal/socket')), { timeout: 30_000 }).toBe(true);
    log('第一条');
    log(`长${'查'.repeat(5_000)}`);
    let source = start();
    log('第二条');
    expect((await bodies(spool, '第二条')).map(({ body, severityNumber }) => [body.slice(0, 3), severityNumber])).toEqual([
      ['第一条', 17],
      ['长查查', 17],
      ['第二条', 17],
    ]);
    await source.stop();
    log('第三条');
    source = start();
    expect((await bodies(spool, '第三条')).map(({ body }) => body)).toEqual(['第三条']);
    await source.stop();
  } finally {
    daemon.stdin.end('\n');
    await ended;
    await spool.close();
    await rm(dir, { recursive: true, force: true });
  }
});
