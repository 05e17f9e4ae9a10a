import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '#lib/people.ts';
import { unixMs } from '#lib/time.ts';
import { appendAudit, auditTrail, listAudit } from './audit.ts';
import { appendLink, type Chain, verifyChains } from './chains.ts';
import { type TestState, testState } from './embedded/test-state.ts';

const actor: Actor = { kind: 'person', id: 'p1', name: '李值班' };
const at = unixMs(1_700_000_000_123);
let fixture: TestState;
beforeAll(async () => {
  fixture = await testState();
});
afterAll(() => fixture.close());
afterEach(() => unguarded('delete from audit', "delete from chain_head where chain = 'audit'"));

/** As someone would who holds the database's password. */
async function unguarded(...statements: string[]): Promise<void> {
  for (const statement of ['alter table audit disable trigger user', ...statements, 'alter table audit enable trigger user']) await fixture.state.pool.query(statement);
}

async function append(count: number): Promise<void> {
  for (let n = 1; n <= count; n++) {
    const entry = { at, actor, action: 'rule.change', target: `rule/${n}`, before: { above: n / 3, 名称: '旧' }, after: { above: n, nested: { z: [1, null], a: undefined } } };
    await fixture.state.transaction((tx) => appendAudit(tx, entry));
  }
}
const audited = async () => (await verifyChains(fixture.state)).chains.find((chain) => chain.name === 'audit');

describe('the audit trail', () => {
  it('is whole as it was written, also by many at once', async () => {
    await append(3);
    await Promise.all(Array.from({ length: 12 }, (_, n) => fixture.state.transaction((tx) => appendAudit(tx, { at, actor, action: 'token.add', target: `token/${n}` }))));
    expect(await audited()).toEqual({ name: 'audit', rows: 15, firstBroken: null });
  });

  it('is read newest first, as it was said', async () => {
    await append(3);
    const newest = { seq: 3, at, actor, action: 'rule.change', target: 'rule/3', before: { above: 1, 名称: '旧' }, after: { above: 3, nested: { z: [1, null] } } };
    expect(await listAudit(fixture.state, { limit: 1 })).toEqual([newest]);
    expect((await listAudit(fixture.state, { limit: 9, before: 3 })).map((record) => record.seq)).toEqual([2, 1]);
  });

  it('leaves no record, and no gap, of a change that was rolled back', async () => {
    await append(1);
    const failing = fixture.state.transaction(async (tx) => {
      await appendAudit(tx, { at, actor, action: 'rule.change', target: 'rule/x' });
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    await append(1);
    expect(await audited()).toEqual({ name: 'audit', rows: 2, firstBroken: null });
  });

  it('bears texts no database bears, and stays whole', async () => {
    const hostile = { nul: 'a\0b', half: '\ud83d', whole: '🔥', typed: '\\u0000', 'key\0': 1 };
    await fixture.state.transaction((tx) => appendAudit(tx, { at, actor: { ...actor, name: '李\0' }, action: 'note.add', target: 'note/\0', after: hostile }));
    expect(await listAudit(fixture.state, { limit: 1 })).toMatchObject([{ target: 'note/\ufffd', after: { nul: 'a\ufffdb', half: '\ufffd', whole: '🔥', typed: '\\u0000', 'key\ufffd': 1 } }]);
    expect(await audited()).toMatchObject({ rows: 1, firstBroken: null });
  });

  it('records changes made elsewhere through its port', async () => {
    await auditTrail(fixture.state).append({ at, actor, action: 'demo.fault', subject: 'fault/slow', detail: { on: true } });
    expect(await listAudit(fixture.state, { limit: 5 })).toMatchObject([{ target: 'fault/slow', before: null, after: { on: true } }]);
  });

  it.each(["update audit set action = 'x'", 'delete from audit', 'truncate audit'])('refuses "%s"', async (statement) => {
    await append(1);
    await expect(fixture.state.pool.query(statement)).rejects.toThrow('audit is append-only');
  });

  it.each([
    { name: 'a changed actor', statement: `update audit set actor = jsonb_set(actor, '{name}', '"别人"') where seq = 3`, firstBroken: 3 },
    { name: 'a changed detail', statement: `update audit set after = '{"above": 99}' where seq = 4`, firstBroken: 4 },
    { name: 'a changed time', statement: "update audit set at = at + interval '1 millisecond' where seq = 1", firstBroken: 1 },
    { name: 'a removed record', statement: 'delete from audit where seq = 2', firstBroken: 2 },
    { name: 'a removed last record', statement: 'delete from audit where seq = 5', firstBroken: 5 },
    { name: 'a removed end of the chain', statement: "delete from chain_head where chain = 'audit'", firstBroken: 5 },
    { name: 'all records removed', statement: 'delete from audit', firstBroken: 1 },
    { name: 'records that changed places', statement: 'update audit set seq = case seq when 2 then 3 else 2 end where seq in (2, 3)', firstBroken: 2, deferred: true },
  ])('shows $name', async ({ statement, firstBroken, deferred }) => {
    await append(5);
    if (deferred) await unguarded('alter table audit drop constraint audit_pkey', statement, 'alter table audit add primary key (seq)');
    else await unguarded(statement);
    expect(await audited()).toMatchObject({ firstBroken });
  });
});

describe('a family of chains', () => {
  it('names the member that broke', async () => {
    await fixture.state.db.execute(sql`create table page (book text, seq bigint, said text, prev_hash text, hash text)`);
    const family: Chain = {
      name: 'book',
      members: async () => ['book/a', 'book/b'],
      links: async (db, { chain, after }) => {
        const { rows } = await db.execute<{ seq: string; said: string; prev_hash: string; hash: string }>(sql`select * from page where book = ${chain} and seq > ${after} order by seq`);
        return rows.map((row) => ({ seq: Number(row.seq), prevHash: row.prev_hash, hash: row.hash, content: { said: row.said } }));
      },
    };
    for (const [chain, said] of [
      ['book/a', 'one'],
      ['book/b', 'one'],
      ['book/b', 'two'],
    ] as const) {
      await fixture.state.transaction(async (tx) => {
        const { seq, prevHash, hash } = await appendLink(tx, chain, () => ({ said }));
        await tx.execute(sql`insert into page values (${chain}, ${seq}, ${said}, ${prevHash}, ${hash})`);
      });
    }
    expect(await verifyChains(fixture.state, [family])).toEqual({ ok: true, chains: [{ name: 'book', rows: 3, firstBroken: null }] });
    await fixture.state.db.execute(sql`update page set said = 'three' where said = 'two'`);
    expect(await verifyChains(fixture.state, [family])).toEqual({ ok: false, chains: [{ name: 'book', rows: 3, firstBroken: 'book/b#2' }] });
  });
});
