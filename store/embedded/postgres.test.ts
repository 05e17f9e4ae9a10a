import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { CommitUnknown, connectState } from '../state.ts';
import { isAlive, ownerOf } from './owner.ts';
import { type EmbeddedPostgres, runningPostgresUrl, startPostgres } from './postgres.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
let dataDir: string;
let running: EmbeddedPostgres | undefined;
let children: ChildProcess[] = [];
/** Servers of other owners: they go when their owner goes, but not at once. */
let servers: number[] = [];

beforeEach(() => {
  // Private to whoever runs the tests: also root's server account has to get in.
  dataDir = join(mkdtempSync(join(tmpdir(), 'fenghuo-postgres-')), 'postgres');
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await eventually(() => expect(servers.filter(isAlive)).toEqual([]));
  servers = [];
  rmSync(join(dataDir, '..'), { recursive: true, force: true });
});

async function start(log: (line: string) => void = () => {}): Promise<EmbeddedPostgres> {
  running = await startPostgres({ dataDir, clock: systemClock, log });
  return running;
}

/** Another process that owns the directory; answers with its first line: the server's pid and address, or why not. */
async function startElsewhere(identity: { uid?: number; gid?: number } = {}) {
  const script = `
    import { startPostgres } from './store/embedded/postgres.ts';
    import { systemClock } from './lib/clock.ts';
    try {
      const { pid, url } = await startPostgres({ dataDir: process.argv[1], clock: systemClock, log: () => {} });
      console.log(JSON.stringify({ pid, url }));
    } catch (error) {
      console.log(JSON.stringify({ refused: error.message }));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dataDir], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], ...identity });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const said = JSON.parse(String(line)) as { pid?: number; url?: string; refused?: string };
  if (said.pid !== undefined) servers.push(said.pid);
  return { owner: child, ...said };
}

async function ask(url: string, question: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(question)).rows;
  } finally {
    await client.end();
  }
}

/** The shell that watches over a server's owner. */
function guardOf(serverPid: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      if (words[3] === 'fenghuo-postgres-guard' && words[4] === String(serverPid)) return Number(name);
    } catch {
      // It ended while we looked.
    }
  }
  throw new Error(`no guard for ${serverPid}`);
}

describe('the embedded Postgres', () => {
  it('answers on loopback only, to its password only, and syncs what it promises', async () => {
    const { url, pid } = await start();
    expect(url).toMatch(/^postgres:\/\/fenghuo:[\w-]{32}@127\.0\.0\.1:\d+\/postgres$/);
    expect(await ask(url, "select current_setting('listen_addresses') as heard, current_setting('fsync') as fsync, current_setting('server_version') as version")).toEqual([
      { heard: '127.0.0.1', fsync: 'on', version: expect.stringMatching(/^18\./) },
    ]);
    await expect(ask(url.replace(/:[\w-]{32}@/, ':guess@'), 'select 1')).rejects.toThrow('password authentication failed');
    expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);
    expect(statSync(`/proc/${pid}`).uid).not.toBe(0);
  });

  it('keeps its data and its password when stopped and started again', async () => {
    const first = await start();
    await ask(first.url, 'create table kept as select 7 as n');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(await ask(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('is found by a command beside it, and only while it runs', async () => {
    expect(await runningPostgresUrl(dataDir, systemClock)).toBeUndefined();
    const { url, stop } = await start();
    expect(await runningPostgresUrl(dataDir, systemClock)).toBe(url);
    await stop();
    expect(await runningPostgresUrl(dataDir, systemClock)).toBeUndefined();
    const starting = start();
    await eventually(async () => expect(await ownerOf(dataDir)).toBe(process.pid));
    expect(await runningPostgresUrl(dataDir, systemClock)).toBe((await starting).url);
  });

  it('throws away a cluster that was only half made', async () => {
    await mkdir(join(dataDir, 'cluster.new', 'base'), { recursive: true });
    expect(await ask((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a second owner of the directory', () => {
  it('is refused with the name of the first', async () => {
    await start();
    const refusal = `the embedded Postgres in ${dataDir} is in use by process ${process.pid}: stop that one first, or choose another --data`;
    await expect(startPostgres({ dataDir, clock: systemClock, log: () => {} })).rejects.toThrow(refusal);
    expect(await startElsewhere()).toMatchObject({ refused: refusal });
    expect(await ask(running?.url ?? '', 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is let in when the first owner is dead but its id was given to another process', async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, 'owner'), JSON.stringify({ pid: process.pid, born: '1' }));
    expect(await ask((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('killed with -9', () => {
  it('in the middle of transactions, it comes back on the same port with everything that was acknowledged', async () => {
    const server = await start();
    const { url } = server;
    const state = connectState(url, { clock: systemClock });
    await state.pool.query('create table note (id int primary key); create table outbox (id int primary key)');
    const acknowledged: number[] = [];
    const unknown: number[] = [];
    let next = 0;
    let writing = true;
    const writer = async () => {
      while (writing) {
        const id = next++;
        const change = state.transaction(async (tx) => {
          await tx.execute(`insert into note values (${id})`);
          await tx.execute(`insert into outbox values (${id})`);
        });
        await change.then(
          () => acknowledged.push(id),
          (error: unknown) => {
            if (!(error instanceof CommitUnknown)) throw error;
            unknown.push(id);
          },
        );
      }
    };
    const writers = Promise.all(Array.from({ length: 6 }, writer));
    for (let round = 1; round <= 5; round++) {
      const before = acknowledged.length;
      await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 30));
      process.kill(server.pid, 'SIGKILL');
      await eventually(() => expect(server.restarts).toBe(round));
    }
    writing = false;
    await writers;
    const stored = (await ask(url, 'select array_agg(id) as ids from note')).flatMap((row) => row.ids as number[]);
    const owed = (await ask(url, 'select array_agg(id) as ids from outbox')).flatMap((row) => row.ids as number[]);
    await state.close();
    expect(new Set(owed)).toEqual(new Set(stored));
    expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
    expect(stored.filter((id) => !acknowledged.includes(id) && !unknown.includes(id))).toEqual([]);
  });

  it('our process takes the server with it', async () => {
    const { owner, pid = 0, url = '' } = await startElsewhere();
    await ask(url, 'create table kept as select 1 as n');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await eventually(() => expect(isAlive(pid)).toBe(false));
    expect(await ask((await start()).url, 'select n from kept')).toEqual([{ n: 1 }]);
  });

  it('everything at once, the next start clears up the stale pid file', async () => {
    const { owner, pid = 0, url = '' } = await startElsewhere();
    await ask(url, 'create table kept as select 1 as n');
    const died = once(owner, 'exit');
    for (const each of [guardOf(pid), pid, owner.pid ?? 0]) process.kill(each, 'SIGKILL');
    await died;
    expect(await ask((await start()).url, 'select n from kept')).toEqual([{ n: 1 }]);
  });

  it('our process and the guard: the next start stops the orphan first', async () => {
    const { owner, pid = 0 } = await startElsewhere();
    process.kill(guardOf(pid), 'SIGKILL');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const said: string[] = [];
    await start((line) => said.push(line));
    expect(isAlive(pid)).toBe(false);
    expect(said).toContain('Postgres: stopped an orphan of an earlier run');
  });

  it('and the pid file names a stranger now: the stranger is left alone', async () => {
    await (await start()).stop();
    const stranger = spawn('sleep', ['60']);
    children.push(stranger);
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${stranger.pid}\n${dataDir}/cluster\n1\n1\n\n127.0.0.1\n        1         1\nready   \n`);
    const said: string[] = [];
    await start((line) => said.push(line));
    expect(said).toContain('Postgres: removed a stale pid file of an earlier run');
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
  });
});

describe.runIf(process.getuid?.() === 0)('as root', () => {
  it('a directory made by a plain user stays theirs, and runs for both', async () => {
    const [uid, gid] = [65_534, Number(execFileSync('id', ['-g', 'nobody']))];
    await chown(join(dataDir, '..'), uid, gid);
    const { owner, url = '', refused } = await startElsewhere({ uid, gid });
    expect(refused).toBeUndefined();
    await ask(url, 'create table kept as select 1 as n');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const { url: rootUrl, pid, stop } = await start();
    expect(statSync(`/proc/${pid}`).uid).toBe(uid);
    expect(await ask(rootUrl, 'select n from kept')).toEqual([{ n: 1 }]);
    await stop();
    expect(await startElsewhere({ uid, gid })).toMatchObject({ url: expect.any(String) });
  });

  it("a plain user is told when the directory is another's", async () => {
    await (await start()).stop();
    await chown(join(dataDir, '..'), 65_534, 65_534);
    expect((await startElsewhere({ uid: 65_534, gid: 65_534 })).refused).toMatch(/another account|cannot be written by this account/);
  });
});
