import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { type TestState, testState } from './embedded/test-state.ts';
import { CommitUnknown, connectState } from './state.ts';
import { isDuplicate } from './state-errors.ts';

let fixture: TestState;
beforeAll(async () => {
  fixture = await testState();
  await fixture.state.pool.query('create table stone (id int primary key)');
});
afterAll(() => fixture.close());

const stones = async () => (await fixture.state.pool.query<{ id: number }>('select id from stone order by id')).rows.map((row) => row.id);
/** What a restarting server does to every connection. */
const cutConnections = () =>
  fixture.state.pool.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'");

it('answers in UTC from a database of its own', async () => {
  const { rows } = await fixture.state.db.execute<{ zone: string }>(sql`select current_setting('timezone') as zone`);
  expect(rows).toEqual([{ zone: 'UTC' }]);
});

describe('a transaction', () => {
  it('runs again when its connection is lost before the commit', async () => {
    let runs = 0;
    await fixture.state.transaction(async (tx) => {
      await tx.execute(sql`insert into stone values (1)`);
      if (runs++ === 0) await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
    });
    expect([runs, await stones()]).toEqual([2, [1]]);
  });

  it('runs again after a conflict with another one', async () => {
    const meet = Promise.withResolvers<void>();
    let runs = 0;
    const cross = async (first: number, second: number) => {
      await fixture.state.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(${first})`);
        if (++runs === 2) meet.resolve();
        await meet.promise;
        await tx.execute(sql`select pg_advisory_xact_lock(${second})`);
      });
    };
    await Promise.all([cross(1, 2), cross(2, 1)]);
    expect(runs).toBe(3);
  });

  it('does not run again when the commit got no answer: nobody knows whether it holds', async () => {
    await fixture.state.pool.query(`
      create function fall() returns trigger language plpgsql as $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
      create constraint trigger falling after insert on stone deferrable initially deferred for each row when (new.id = 99) execute function fall()`);
    const change = vi.fn(async (tx: Pick<typeof fixture.state.db, 'execute'>) => void (await tx.execute(sql`insert into stone values (99)`)));
    await expect(fixture.state.transaction(change)).rejects.toThrow(CommitUnknown);
    expect(change).toHaveBeenCalledTimes(1);
  });

  it('says a fault of its own at once, and leaves nothing behind', async () => {
    const change = vi.fn(async (tx: Pick<typeof fixture.state.db, 'execute'>) => {
      await tx.execute(sql`insert into stone values (2)`);
      await tx.execute(sql`insert into stone values (1)`);
    });
    const failure = await fixture.state.transaction(change).catch((error: unknown) => error);
    expect([isDuplicate(failure), change.mock.calls.length, await stones()]).toEqual([true, 1, [1]]);
  });
});

describe('a question', () => {
  it('is asked again on another connection when its own is lost', async () => {
    let runs = 0;
    const answer = await fixture.state.read(async (db) => {
      if (runs++ === 0) await db.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
      return (await db.execute<{ n: number }>(sql`select 7 as n`)).rows;
    });
    expect([runs, answer]).toEqual([2, [{ n: 7 }]]);
  });

  it('gives up on a server that stays away', async () => {
    const nobody = connectState('postgres://fenghuo:x@127.0.0.1:1/postgres', { clock: systemClock, patienceMs: durationMs(300) });
    await expect(nobody.read((db) => db.execute(sql`select 1`))).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await nobody.close();
  });
});

describe('listening', () => {
  it('hears what others say, and after a lost connection says that something may have been missed', async () => {
    const heard: string[] = [];
    const gap = vi.fn();
    const stop = await fixture.state.listen('towers', (payload) => heard.push(payload), gap);
    const say = (payload: string) => fixture.state.transaction((tx) => tx.execute(sql`select pg_notify('towers', ${payload})`));
    await say('smoke');
    await vi.waitFor(() => expect(heard).toEqual(['smoke']));
    await cutConnections();
    await vi.waitFor(() => expect(gap).toHaveBeenCalledTimes(1), { timeout: 5_000 });
    await say('fire');
    await vi.waitFor(() => expect(heard).toEqual(['smoke', 'fire']));
    await stop();
  });
});
