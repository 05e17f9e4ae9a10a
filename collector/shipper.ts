import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { countFailure, type LoopHealth } from '#lib/loop.ts';
import { between, type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Batch } from './batch.ts';
import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import { nextBeat, type Pace, watchedPace } from './pace.ts';
import type { CollectorTopics, TelemetrySink } from './ports.ts';
import type { Sample } from './sample.ts';
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

const lanes = { urgent: 1, bulk: 2 };
const firstWait = durationMs(100);
const longestWait = durationMs(5_000);

type Rows = Exclude<Batch, { kind: 'mark' }>;

/** Half a batch after another, down to single rows: one row the store refuses does not take its neighbours along. */
async function store(sink: TelemetrySink, batch: Rows, { token, refused }: { token: string; refused(batch: Rows, token: string, reason: string): Promise<void> }): Promise<void> {
  try {
    await insert(sink, token, batch);
  } catch (error) {
    if ((error as { permanent?: unknown }).permanent !== true) throw error;
    if (batch.rows.length <= 1) return refused(batch, token, error instanceof Error ? error.message : String(error));
    const middle = Math.ceil(batch.rows.length / 2);
    // The halves' tokens follow from the whole's, so a crash in between repeats the same inserts.
    await store(sink, sliceBatch(batch, 0, middle), { token: `${token}/0`, refused });
    await store(sink, sliceBatch(batch, middle), { token: `${token}/1`, refused });
  }
}

function insert(sink: TelemetrySink, token: string, batch: Rows): Promise<void> {
  if (batch.kind === 'checks') return sink.insertChecks(token, batch.rows);
  if (batch.kind === 'samples') return sink.insertSamples(token, batch.rows);
  return sink.insertLogs(token, batch.rows);
}

const sliceBatch = (batch: Rows, from: number, to?: number): Rows => ({ ...batch, kind: batch.kind === 'lines' ? 'logs' : batch.kind, rows: batch.rows.slice(from, to) }) as Rows;

/** Tells what was stored. */
export function announce(bus: Bus<CollectorTopics>, batch: Rows): void {
  const rows: readonly (CheckResult | LogRecord | Sample)[] = batch.rows;
  if (rows.length === 0) return;
  if (batch.kind === 'checks') bus.emit('checksStored', { results: batch.rows });
  else if (batch.kind === 'samples') bus.emit('samplesStored', { metrics: [...new Set(batch.rows.map(({ metric }) => metric))], count: rows.length });
  else bus.emit('logsStored', { services: [...new Set(batch.rows.map(({ service }) => service))], count: rows.length });
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

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#unlisten = options.spool.onKept((hurried) => {
      this.#kept++;
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
    const wait = between(clock.now(), nextBeat(this.#wentAt, pace()));
    if (wait <= 0) this.#pumpLane('urgent');
    else this.#cancelBeat = clock.after(durationMs(wait), () => this.#pumpLane('urgent'));
  }

  #pumpLane(lane: 'urgent' | 'bulk'): void {
    if (lane === 'urgent') this.#cancelBeat();
    while (!this.#stopped && !this.#waiting && this.#busy[lane] < lanes[lane]) {
      this.#busy[lane]++;
      const run = this.#runLane(lane).finally(() => this.#underWay.delete(run));
      this.#underWay.add(run);
    }
  }

  /** Takes one record after another until there is none. */
  async #runLane(lane: 'urgent' | 'bulk'): Promise<void> {
    const { spool } = this.#options;
    for (;;) {
      const before = this.#kept;
      const halted = this.#stopped || this.#waiting;
      const taken = halted ? undefined : await spool.take(lane === 'urgent');
      if (taken && lane === 'urgent') this.#wentAt = this.#options.clock.now();
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
      await spool.acknowledge(taken);
      this.#failuresInARow = 0;
      if (batch.kind !== 'mark') announce(bus, batch);
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
    this.pump();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelBeat();
    this.#unlisten();
    await Promise.all(this.#underWay);
  }
}
