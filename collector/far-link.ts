import { gzipSync } from 'node:zlib';
import type { Clock } from '#lib/clock.ts';
import { durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import type { TelemetrySink } from './ports.ts';
import type { Sample } from './sample.ts';

/** What the centre wants looked at from a vantage: entries of its configuration as they were written. */
export interface FarPlan {
  vantage: Record<string, unknown>;
  probes: readonly Record<string, unknown>[];
}

export interface FarLinkOptions {
  /** The centre's address, `https://host[:port]`. */
  to: string;
  token: string;
  vantage: string;
  version: string;
  clock: Clock;
}

/** The way from a far vantage to the centre: what to look at comes down, what was seen goes up, over HTTPS alone. */
export interface FarLink extends TelemetrySink {
  /** Fetches what to look at, and compares the clocks. Rejects when the centre refuses or is away. */
  plan(backlog: number): Promise<FarPlan>;
}

/** The centre will never take it: sending again is useless. */
export class RefusedByCentre extends Error {
  readonly permanent = true;
}

/** The centre answered, and would not have it. */
class CentreAnswered extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Whether the centre does not want this token any more; everything else may pass. */
export const isUnwelcome = (error: unknown): boolean => error instanceof CentreAnswered && [401, 403].includes(error.status);

const patienceMs = 20_000;
/** Closer than this the way there and back explains the difference. */
const smallestOffsetMs = 250;
const neverTaken = new Set([400, 413, 422]);

export function createFarLink({ to, token, vantage, version, clock }: FarLinkOptions): FarLink {
  /** Our clock to the centre's, in ms: what must be added to ours; null before it was heard. */
  let offset: number | null = null;
  const ask = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const response = await fetch(new URL(path, to), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ vantage, version, ...body })),
      signal: AbortSignal.timeout(patienceMs),
      redirect: 'error',
    });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Record<string, unknown>;
    throw new CentreAnswered(`${to} answered ${response.status}: ${said(text)}`, response.status);
  };
  const plan = async (backlog: number): Promise<FarPlan> => {
    const sentAt = clock.now();
    const answer = (await ask('/api/v1/collector/plan', { backlog, offsetMs: offset ?? 0 })) as unknown as FarPlan & { now: number };
    const between = answer.now - (sentAt + clock.now()) / 2;
    offset = Math.abs(between) < smallestOffsetMs ? 0 : Math.round(between);
    return { vantage: answer.vantage, probes: answer.probes };
  };
  const insert = async <Row>(kind: string, { token: batch, rows, shift }: { token: string; rows: readonly Row[]; shift(row: Row, offsetMs: number): Row }): Promise<void> => {
    // Rows bear our clock. Before the centre's was heard they would go in askew, and they cannot be taken back.
    if (offset === null) await plan(rows.length);
    try {
      await ask('/api/v1/collector/batches', { kind, token: batch, rows: rows.map((row) => shift(row, offset ?? 0)) });
    } catch (error) {
      throw error instanceof CentreAnswered && neverTaken.has(error.status) ? new RefusedByCentre(error.message) : error;
    }
  };
  const shifted = (at: UnixMs, offsetMs: number): UnixMs => unixMs(at + offsetMs);
  const atShifted = <Row extends { at: UnixMs }>(row: Row, offsetMs: number): Row => ({ ...row, at: shifted(row.at, offsetMs) });
  return {
    plan,
    insertChecks: (batch, rows: readonly CheckResult[]) => insert('checks', { token: batch, rows, shift: atShifted }),
    insertSamples: (batch, rows: readonly Sample[]) => insert('samples', { token: batch, rows, shift: atShifted }),
    insertLogs: (batch, rows: readonly LogRecord[]) => insert('logs', { token: batch, rows, shift: (row, offsetMs) => ({ ...row, observedTimestamp: shifted(row.observedTimestamp, offsetMs) }) }),
  };
}

/** The words of an answer of ours, or the beginning of whatever it was. */
function said(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: { en?: string } } };
    return error?.message?.en ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

/** How often a far vantage asks what to look at; it counts as away after three missed askings. */
export const planEveryMs = durationMs(10_000);
