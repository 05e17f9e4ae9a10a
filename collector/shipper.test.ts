import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBus } from '#lib/bus.ts';
import { systemClock, virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { LineBatch } from './batch.ts';
import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import type { LogBlock } from './log-block.ts';
import { calmPace, watchedPace } from './pace.ts';
import type { CollectorTopics, TelemetrySink } from './ports.ts';
import { createRecorder } from './recorder.ts';
import { type Shipper, startShipper } from './shipper.ts';
import { openSpool, type Spool } from './spool.ts';

/** A store that keeps rows by token as the real one does, and can be told to fail. */
class FakeStore implements TelemetrySink {
  readonly kept = new Map<string, readonly unknown[]>();
  readonly order: string[] = [];
  fail: (rows: readonly unknown[]) => Error | undefined = () => undefined;
  atOnce = 0;
  mostAtOnce = 0;

  async #insert(token: string, rows: readonly unknown[], kind: string): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    this.atOnce--;
    const error = this.fail(rows);
    if (error) throw error;
    this.order.push(kind);
    if (!this.kept.has(token)) this.kept.set(token, rows);
  }
  insertChecks = (token: string, rows: readonly CheckResult[]) => this.#insert(token, rows, 'checks');
  insertLogs = (token: string, rows: readonly LogRecord[]) => this.#insert(token, rows, 'logs');
  insertSamples = (token: string, rows: readonly unknown[]) => this.#insert(token, rows, 'samples');
  rows = () => [...this.kept.values()].flat();
}

let dir: string;
let spool: Spool;
let shipper: Shipper | undefined;
let store: FakeStore;
const bus = createBus<CollectorTopics>(() => {});
const errors: unknown[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-shipper-'));
  spool = await openSpool({ dir, maxBytes: 50_000_000, clock: systemClock });
  store = new FakeStore();
  errors.length = 0;
});
afterEach(async () => {
  await shipper?.stop();
  await spool.close();
  await rm(dir, { recursive: true });
});

/** Token and records of each batch of several. */
const groups = async () =>
  (await readFile(join(dir, 'groups'), 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
const start = () => {
  shipper = startShipper({ spool, sink: store, bus, clock: systemClock, onError: (error) => errors.push(error) });
  return shipper;
};
const log = (body: string, service = 'invoice'): LogRecord => ({
  timestamp: unixMs(1),
  observedTimestamp: unixMs(1),
  severityNumber: 9,
  severityText: 'INFO',
  service,
  source: 's',
  body,
  attributes: {},
});
const check = (kind: 'pass' | 'unknown' = 'pass'): CheckResult => ({
  probeId: 'p',
  service: 'invoice',
  vantage: 'v',
  at: unixMs(1),
  durationMs: durationMs(1),
  outcome: kind === 'pass' ? { kind } : { kind, reason: '' },
  phases: {},
  evidence: {},
  attempt: 0,
});

describe('the shipper', () => {
  it('stores everything and says so after it is stored', async () => {
    const heard: CollectorTopics['logsStored'][] = [];
    const unlisten = bus.on('logsStored', (fact) => heard.push(fact));
    start();
    await spool.append({ kind: 'logs', rows: [log('a'), log('b', 'captcha')] });
    await shipper?.settled();
    await expect.poll(() => heard).toEqual([{ services: ['invoice', 'captcha'], count: 2 }]);
    unlisten();
    expect(store.rows()).toHaveLength(2);
    expect(shipper?.health()).toMatchObject({ name: 'shipper', runs: 1, backlog: 0, failures: {} });
  });

  it('carries a check result from the probe to the store at once when idle', async () => {
    start();
    const heard = new Promise<CollectorTopics['checksStored']>((resolve) => bus.on('checksStored', resolve));
    await createRecorder({ spool, clock: systemClock }).checks([check()]);
    expect((await heard).results).toEqual([check()]);
    expect(store.rows()).toEqual([check()]);
  });

  it('sends small records as one batch, and the same batch under the same token after a crash', async () => {
    store.fail = () => new Error('away');
    start();
    for (const body of ['a', 'b', 'c']) await spool.append({ kind: 'logs', rows: [log(body)] });
    await expect.poll(() => errors.length).toBeGreaterThan(1);
    await shipper?.stop();
    const before = await groups();
    expect(before.length).toBeGreaterThan(0);
    const reopened = await openSpool({ dir, maxBytes: 50_000_000, clock: systemClock });
    store.fail = () => undefined;
    await reopened.append({ kind: 'logs', rows: [log('d')] });
    shipper = startShipper({ spool: reopened, sink: store, bus, clock: systemClock, onError: (error) => errors.push(error) });
    await shipper.settled();
    expect(
      store
        .rows()
        .map((row) => (row as LogRecord).body)
        .sort(),
    ).toEqual(['a', 'b', 'c', 'd']);
    for (const [token = ''] of before) expect(store.kept.has(token)).toBe(true);
    await shipper.stop();
    await reopened.close();
  });

  it('lets check results nobody waits for gather for a calm beat, and sends one that is no pass at once', async () => {
    const clock = virtualClock(unixMs(1_800_000_000_000));
    shipper = startShipper({ spool, sink: store, bus, clock, pace: () => calmPace, onError: (error) => errors.push(error) });
    const sent = () => [...store.kept.values()].map((rows) => rows.length);
    await spool.append({ kind: 'checks', rows: [check()] });
    await expect.poll(sent).toEqual([1]);
    for (let second = 0; second < 4; second++) await spool.append({ kind: 'checks', rows: [check()] });
    expect(sent()).toEqual([1]);
    // A little after the beat: what the recorder writes on it comes along.
    await clock.advance(calmPace);
    await spool.append({ kind: 'checks', rows: [check()] });
    expect(sent()).toEqual([1]);
    await clock.advance(durationMs(100));
    await expect.poll(sent).toEqual([1, 5]);
    await spool.append({ kind: 'checks', rows: [check()] });
    await spool.append({ kind: 'checks', rows: [check('unknown')] }, { hurried: true });
    await expect.poll(sent).toEqual([1, 5, 2]);
  });

  it('lets what several sources bring at rest go as one batch, and waits for nobody while somebody watches', async () => {
    const clock = virtualClock(unixMs(1_800_000_000_000));
    let pace = calmPace;
    shipper = startShipper({ spool, sink: store, bus, clock, pace: () => pace, onError: (error) => errors.push(error) });
    const sent = () => [...store.kept.values()].map((rows) => rows.length);
    await spool.append({ kind: 'logs', rows: [log('access')] });
    await clock.advance(durationMs(300));
    await spool.append({ kind: 'logs', rows: [log('auth'), log('auth')] });
    expect(sent()).toEqual([]);
    await clock.advance(durationMs(200));
    await expect.poll(sent).toEqual([3]);
    pace = watchedPace;
    await spool.append({ kind: 'logs', rows: [log('access')] });
    await expect.poll(sent).toEqual([3, 1]);
  });

  it('lets lines under load gather, and does nothing meanwhile', async () => {
    // This clock stands still until it is told: whoever asked it over and over would never come to an end.
    const clock = virtualClock(unixMs(1_800_000_000_000));
    const sent: number[] = [];
    const insertBlocks = async (_token: string, blocks: readonly LogBlock[]): Promise<void> => void sent.push(blocks.reduce((sum, { count }) => sum + count, 0));
    shipper = startShipper({ spool, sink: { ...store, insertBlocks }, bus, clock, onError: (error) => errors.push(error) });
    const lines = (count: number): LineBatch => {
      const batch = new LineBatch({ source: 's', service: 'x', format: { kind: 'combined' }, observedAt: clock.now(), nearAt: clock.now() });
      batch.add(Buffer.from('192.0.2.1 - - [17/May/2026:10:05:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n'.repeat(count)));
      return batch;
    };
    await spool.append(lines(6_000));
    await expect.poll(() => sent).toEqual([6_000]);
    for (let batch = 0; batch < 8; batch++) await spool.append(lines(20_000));
    await expect.poll(() => sent).toEqual([6_000, 140_000]);
    await clock.advance(durationMs(400));
    await expect.poll(() => sent).toEqual([6_000, 140_000, 20_000]);
  });

  it('44. never has more than two log batches under way, and check results do not queue behind them', async () => {
    // As many rows as go into one batch, so that each stays one.
    const full = Array.from({ length: 6_000 }, () => log('x'));
    for (let batch = 0; batch < 8; batch++) await spool.append({ kind: 'logs', rows: full });
    await spool.append({ kind: 'checks', rows: [check()] });
    start();
    await shipper?.settled();
    expect(store.mostAtOnce).toBeLessThanOrEqual(3);
    expect(store.order).toHaveLength(9);
    expect(store.order.indexOf('checks')).toBeLessThan(4);
    expect(store.rows()).toHaveLength(48_001);
  });

  it('40. waits while the store is away and loses nothing', async () => {
    let away = 3;
    store.fail = () => (away-- > 0 ? new Error('connect ECONNREFUSED') : undefined);
    start();
    for (let batch = 0; batch < 5; batch++) await spool.append({ kind: 'logs', rows: [log(String(batch))] });
    await shipper?.settled();
    expect(store.rows()).toHaveLength(5);
    expect(shipper?.health().failures['connect ECONNREFUSED']).toBeGreaterThan(0);
  });

  it('39. repeated after a lost answer stores once', async () => {
    const insertLogs = store.insertLogs;
    let lost = true;
    store.insertLogs = async (token, rows) => {
      await insertLogs(token, rows);
      if (lost) {
        lost = false;
        throw new Error('socket hang up');
      }
    };
    start();
    await spool.append({ kind: 'logs', rows: [log('a')] });
    await shipper?.settled();
    expect(store.order).toEqual(['logs', 'logs']);
    expect(store.rows()).toHaveLength(1);
  });

  it('45. sets one bad row aside and stores its neighbours', async () => {
    store.fail = (rows) => (rows.some((row) => (row as LogRecord).body === 'bad') ? Object.assign(new Error('cannot parse'), { permanent: true }) : undefined);
    start();
    await spool.append({ kind: 'logs', rows: ['a', 'b', 'bad', 'c', 'd'].map((body) => log(body)) });
    await spool.append({ kind: 'logs', rows: [log('e')] });
    await shipper?.settled();
    expect(
      store
        .rows()
        .map((row) => (row as LogRecord).body)
        .sort(),
    ).toEqual(['a', 'b', 'c', 'd', 'e']);
    const letter = JSON.parse(await readFile(join(dir, 'dead-letters.ndjson'), 'utf8'));
    expect(letter).toMatchObject({ reason: 'cannot parse', kind: 'logs', rows: [{ body: 'bad' }] });
    expect(spool.health()).toMatchObject({ setAsideRows: 1, records: 0 });
  });

  it('stops although the store is away, and the next start goes on', async () => {
    store.fail = () => new Error('away');
    start();
    await spool.append({ kind: 'logs', rows: [log('a')] });
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    await shipper?.stop();
    expect(spool.health().records).toBe(1);
    store.fail = () => undefined;
    start();
    await shipper?.settled();
    expect(store.rows()).toHaveLength(1);
  });
});
