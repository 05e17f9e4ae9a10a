import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { countFailure, type LoopHealth } from '#lib/loop.ts';
import { between, type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { type Batch, BlockBatch, blocksOf, LineBatch, rowCount } from './batch.ts';
import { nextBeat, type Pace, watchedPace } from './pace.ts';
import type { CollectorTopics, TelemetrySink } from './ports.ts';
import type { Spool, Taken } from './spool.ts';

/**
 * Carries the spool to the store: two log batches under way and check results beside them. What is small goes along with others, and check
 * results nobody waits for are let gather: a batch costs the store the same whether it brings three rows or three hundred.
 */
export interface Shipper {
  health(): LoopHealth;
  /** Resolves when everything in the spool is stored. */
  settled(): Promise<void>;
  /** Waits for what is under way; the rest stays in the spool. */
  stop(): Promise<void>;
}

export interface ShipperOptions {
  spool: Spool;
  sink: TelemetrySink;
  bus: Bus<CollectorTopics>;
  clock: Clock;
  /** How long check results and samples may gather; a second by default. */
  pace?: Pace;
  onError(error: unknown): void;
}

/** Rows of one batch: what a store takes by columns it may take by the hundred thousand. */
const mostRows = { records: 10_000, columns: 150_000 };
/** After a batch this large more lines are sure to come: the next one lets them gather, so long at most. */
const underLoad = { rows: 5_000, gatherMs: durationMs(400) };
/** At rest each source brings a few lines of its own a moment after the beat; together they cost the store what one would. */
const atRest = { gatherMs: durationMs(500) };
/** What the collector writes on a beat must be on disk before the batch of that beat is taken, or it goes as a second one. */
const settleMs = durationMs(100);
const lanes = { urgent: 1, bulk: 2 };
const firstWait = durationMs(100);
const longestWait = durationMs(5_000);

type Rows = Exclude<Batch, { kind: 'mark' }>;
type PlainRows = Exclude<Rows, LineBatch | BlockBatch>;

/** Half a batch after another, down to single rows: one row the store refuses does not take its neighbours along. */
async function store(sink: TelemetrySink, batch: Rows, { token, refused }: { token: string; refused(batch: Rows, token: string, reason: string): Promise<void> }): Promise<void> {
  try {
    await insert(sink, token, batch);
  } catch (error) {
    if ((error as { permanent?: unknown }).permanent !== true) throw error;
    const plain = plainRows(batch);
    const count = plain.rows.length;
    if (count <= 1) return refused(plain, token, error instanceof Error ? error.message : String(error));
    const middle = Math.ceil(count / 2);
    // The halves' tokens follow from the whole's, so a crash in between repeats the same inserts.
    await store(sink, sliceBatch(plain, 0, middle), { token: `${token}/0`, refused });
    await store(sink, sliceBatch(plain, middle), { token: `${token}/1`, refused });
  }
}

function insert(sink: TelemetrySink, token: string, batch: Rows): Promise<void> {
  if (batch.kind === 'checks') return sink.insertChecks(token, batch.rows);
  if (batch.kind === 'samples') return sink.insertSamples(token, batch.rows);
  const columns = batch instanceof LineBatch || batch instanceof BlockBatch;
  return columns && sink.insertBlocks ? sink.insertBlocks(token, blocksOf(batch)) : sink.insertLogs(token, batch.rows);
}

/** Records, where there were columns. */
const plainRows = (batch: Rows): PlainRows => (batch instanceof LineBatch || batch instanceof BlockBatch ? { kind: 'logs', rows: batch.rows } : batch);

const sliceBatch = (batch: PlainRows, from: number, to?: number): PlainRows => ({ ...batch, rows: batch.rows.slice(from, to) }) as PlainRows;

/** Tells what was stored; to be called while the batch is still ours, the telling comes when it is. */
export function announcement(bus: Bus<CollectorTopics>, batch: Rows): () => void {
  if (batch.kind === 'checks') {
    const results = batch.rows;
    return () => results.length > 0 && bus.emit('checksStored', { results });
  }
  if (batch.kind === 'samples') {
    const stored = { metrics: [...new Set(batch.rows.map(({ metric }) => metric))], count: batch.rows.length };
    return () => stored.count > 0 && bus.emit('samplesStored', stored);
  }
  const columns = batch instanceof LineBatch || batch instanceof BlockBatch;
  const named = columns ? blocksOf(batch).flatMap((block) => block.services()) : batch.rows.map(({ service }) => service);
  const stored = { services: [...new Set(named)], count: rowCount(batch) };
  return () => stored.count > 0 && bus.emit('logsStored', stored);
}

export function startShipper(options: ShipperOptions): Shipper {
  const shipper = new Shipping(options);
  shipper.pump();
  return shipper;
}

class Shipping implements Shipper {
  readonly #options: ShipperOptions;
  readonly #busy = { urgent: 0, bulk: 0 };
  readonly #failures: Record<string, number> = {};
  readonly #underWay = new Set<Promise<void>>();
  readonly #unlisten: () => void;
  #health = { name: 'shipper', lastRunAt: null as UnixMs | null, lastDurationMs: null as DurationMs | null, runs: 0 };
  #failuresInARow = 0;
  /** How often something was kept: a lane that found nothing looks again if it changed meanwhile. */
  #kept = 0;
  #waiting = false;
  #stopped = false;
  #settled: (() => void)[] = [];
  /** When check results last went. */
  #wentAt: UnixMs = unixMs(0);
  #cancelBeat = (): void => {};
  /** The last batch of logs: how large it was and when it was taken; and since when the next one waits. */
  readonly #bulk = { rows: 0, takenAt: 0, since: null as number | null, cancel: (): void => {} };

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#unlisten = options.spool.onKept((hurried) => {
      this.#kept++;
      if (options.spool.waitingRows() > 0) this.#bulk.since ??= options.clock.elapsed();
      this.#pumpLane('bulk');
      if (hurried) this.#pumpLane('urgent');
      else this.#gather();
    });
  }

  pump(): void {
    this.#pumpLane('urgent');
    this.#pumpLane('bulk');
  }

  /** Check results go on beats, so that one round of inserts and one round of rules serve all. */
  #gather(): void {
    const { clock, pace = () => watchedPace } = this.#options;
    this.#cancelBeat();
    const wait = between(clock.now(), nextBeat(this.#wentAt, pace())) + settleMs;
    if (wait <= 0) this.#pumpLane('urgent');
    else this.#cancelBeat = clock.after(durationMs(wait), () => this.#pumpLane('urgent'));
  }

  /** How much longer lines may gather before the next batch of them goes: under load, and at rest. */
  #mayGather(): number {
    const { clock, spool, sink, pace = () => watchedPace } = this.#options;
    const { rows, takenAt, since } = this.#bulk;
    if (this.#stopped || spool.waitingRows() >= mostRows.columns) return 0;
    if (sink.insertBlocks && rows >= underLoad.rows) return takenAt + underLoad.gatherMs - clock.elapsed();
    return since === null || pace() <= watchedPace ? 0 : since + atRest.gatherMs - clock.elapsed();
  }

  #gatherBulk(): void {
    this.#bulk.cancel();
    this.#bulk.cancel = this.#options.clock.after(durationMs(Math.max(1, this.#mayGather())), () => this.#pumpLane('bulk'));
  }

  #pumpLane(lane: 'urgent' | 'bulk'): void {
    if (lane === 'urgent') this.#cancelBeat();
    while (!this.#stopped && !this.#waiting && this.#busy[lane] < lanes[lane]) {
      // Looked at for each run: what one has taken may leave the next with too little.
      if (lane === 'bulk' && this.#mayGather() > 0) {
        this.#gatherBulk();
        return;
      }
      this.#busy[lane]++;
      const run = this.#runLane(lane).finally(() => this.#underWay.delete(run));
      this.#underWay.add(run);
    }
  }

  /** Takes one record after another until there is none. */
  async #runLane(lane: 'urgent' | 'bulk'): Promise<void> {
    const { spool, sink } = this.#options;
    for (;;) {
      const before = this.#kept;
      const gathering = lane === 'bulk' && this.#mayGather() > 0;
      if (gathering) this.#gatherBulk();
      const halted = this.#stopped || this.#waiting || gathering;
      const taken = halted ? undefined : await spool.take(lane === 'urgent', sink.insertBlocks ? mostRows.columns : mostRows.records);
      if (taken && lane === 'urgent') this.#wentAt = this.#options.clock.now();
      if (taken && lane === 'bulk') Object.assign(this.#bulk, { rows: rowCount(taken.batch), takenAt: this.#options.clock.elapsed(), since: null });
      if (taken) await this.#ship(taken);
      else if (halted || before === this.#kept) break;
    }
    this.#busy[lane]--;
    if (spool.health().records === 0) for (const resolve of this.#settled.splice(0)) resolve();
  }

  async #ship(taken: Taken): Promise<void> {
    const { spool, sink, bus, clock } = this.#options;
    const { batch, token } = taken;
    const startedAt = clock.elapsed();
    this.#health.lastRunAt = clock.now();
    try {
      if (batch.kind !== 'mark') await store(sink, batch, { token, refused: (part, partToken, reason) => spool.setAside(part.rows, { token: partToken, kind: part.kind, reason }) });
      const tell = batch.kind === 'mark' ? undefined : announcement(bus, batch);
      await spool.acknowledge(taken);
      this.#failuresInARow = 0;
      tell?.();
    } catch (error) {
      spool.giveBack(taken);
      this.#backOff(error);
    }
    this.#health.runs++;
    this.#health.lastDurationMs = durationMs(clock.elapsed() - startedAt);
  }

  /** The store is away: everyone waits, longer each time, with a little chance so that many do not return together. */
  #backOff(error: unknown): void {
    const { clock, onError } = this.#options;
    countFailure(this.#failures, error);
    onError(error);
    if (this.#waiting) return;
    this.#waiting = true;
    const wait = Math.min(longestWait, firstWait * 2 ** this.#failuresInARow++) * (0.75 + clock.chance() / 2);
    clock.after(durationMs(wait), () => {
      this.#waiting = false;
      this.pump();
    });
  }

  health(): LoopHealth {
    return { ...this.#health, failures: { ...this.#failures }, backlog: this.#options.spool.health().records };
  }

  settled(): Promise<void> {
    if (this.#options.spool.health().records === 0) return Promise.resolve();
    Object.assign(this.#bulk, { rows: 0, since: null });
    this.pump();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelBeat();
    this.#bulk.cancel();
    this.#unlisten();
    await Promise.all(this.#underWay);
  }
}
