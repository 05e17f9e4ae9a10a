import { parse } from 'yaml';
import { z } from 'zod';
import type { CheckResult, Outcome } from '#collector/check.ts';
import type { LogRecord } from '#collector/log.ts';
import { readRecords } from '#collector/origin.ts';
import type { TelemetrySink } from '#collector/ports.ts';
import type { Probe } from '#collector/probes/probe.ts';
import { vantageIds } from '#collector/scheduler.ts';
import { shape } from '#collector/settings.ts';
import { before, durationMs, hour, minute, second, type UnixMs, unixMs } from '#lib/time.ts';
import { defaultSeed, demoConfigText, fillPlaces } from './demo-config.ts';
import { type Moment, momentAt } from './history.ts';
import { type HistoryLines, historyLines } from './history-lines.ts';
import { type Random, seeded } from './random.ts';

/** A day of the fictional service's past, so that a first look finds charts, and "normal for this hour" has something to compare with. */

const span = durationMs(26 * hour);
/** The last hour is as dense as the present, so that a chart does not jump where it begins. */
const dense = durationMs(62 * minute);
const rowsPerBatch = 20_000;

/** Writes the past before `now`; the same `now` and seed write the same rows once, however often it is called. */
export async function backfillDemo(sink: TelemetrySink, now: UnixMs, seed = defaultSeed): Promise<{ checks: number; logs: number }> {
  const probes = await demoProbes();
  const random = seeded(seed ^ 0x5eed);
  const checks = probes.flatMap((probe) => vantageIds(probe).flatMap((vantage, place) => pastChecks({ probe, vantage, place }, { now, random })));
  const token = `demo-history-${seed}-${now}`;
  const lines = historyLines({ from: before(now, span), denseFrom: before(now, dense), until: now }, { random, checks: checks.filter(({ at }) => at >= now - dense) });
  const logs = [...records(lines.access, 'access', now), ...records(lines.login, 'auth', now)];
  for (const [index, rows] of inBatches(checks)) await sink.insertChecks(`${token}-checks-${index}`, rows);
  for (const [index, rows] of inBatches(logs)) await sink.insertLogs(`${token}-logs-${index}`, rows);
  return { checks: checks.length, logs: logs.length };
}

const demoSections = z.object({ probes: shape.probes });

async function demoProbes(): Promise<Probe[]> {
  const text = await demoConfigText();
  return demoSections.parse(parse(fillPlaces(text, { DEMO: 'http://127.0.0.1:8601', DEMO_TLS: 'https://127.0.0.1:8601' }))).probes;
}

interface PastSlot {
  probe: Probe;
  vantage: string;
  place: number;
}

function pastChecks({ probe, vantage, place }: PastSlot, { now, random }: { now: UnixMs; random: Random }): CheckResult[] {
  const results: CheckResult[] = [];
  const sparse = durationMs(Math.max(probe.intervalMs, minute));
  let at = unixMs(now - span + ((place * 0.618) % 1) * sparse);
  while (at < now - second) {
    results.push(pastCheck({ probe, vantage, place }, { at, now, random }));
    at = unixMs(at + (at < now - dense ? sparse : probe.intervalMs));
  }
  return results;
}

/** What each probe usually takes, in milliseconds; a journey is the sum of its steps. */
const usualMs: Readonly<Record<string, number>> = { 'invoice-home': 18, 'invoice-captcha': 32, 'invoice-login': 125, 'invoice-journey': 240, 'invoice-verify': 200, 'invoice-certificate': 24 };

function pastCheck({ probe, vantage }: PastSlot, { at, now, random }: { at: UnixMs; now: UnixMs; random: Random }): CheckResult {
  const moment = momentAt(at, now);
  const took = random.lognormal(usualMs[probe.id] ?? 40, 0.22) + (moment.slowMs > 0 ? random.lognormal(moment.slowMs * (probe.kind === 'journey' ? 2 : 1), 0.3) : 0);
  const outcome = pastOutcome(probe, { took, moment, random });
  const phases = { connect: random.lognormal(0.5, 0.3), firstByte: took * 0.94, body: random.lognormal(0.4, 0.3) };
  return { probeId: probe.id, service: probe.service, vantage, at: unixMs(Math.round(at)), durationMs: durationMs(took), outcome, phases, evidence: { demo: '演示历史数据' }, attempt: 0 };
}

function pastOutcome(probe: Probe, { took, moment, random }: { took: number; moment: Moment; random: Random }): Outcome {
  const signsIn = probe.kind === 'journey';
  if (random.chance(moment.errorShare)) return { kind: 'fail', failure: { kind: 'status', reason: 'HTTP 500 ≠ 2xx' } };
  if (signsIn && random.chance(moment.captchaShare)) return { kind: 'fail', failure: { kind: 'captcha', reason: 'login: $.code = "008" 验证码错误' } };
  return { kind: took >= probe.slowAfterMs ? 'slow' : 'pass' };
}

/** Read by the same code as the live log, so that the past looks like the present. */
function records(lines: HistoryLines['access'], source: 'access' | 'auth', now: UnixMs): LogRecord[] {
  const format = source === 'access' ? { kind: 'combined', zone: 'Asia/Shanghai', success_codes: userCodes } : { kind: 'auth', zone: 'Asia/Shanghai' };
  return readRecords(lines, { source, service: 'invoice', format, observedAt: now, nearAt: now }).rows;
}

const userCodes = ['000', '001', '006', '007', '008', '009', '101'];

function* inBatches<Row>(rows: readonly Row[]): Generator<[number, readonly Row[]]> {
  for (let index = 0; index * rowsPerBatch < rows.length; index++) yield [index, rows.slice(index * rowsPerBatch, (index + 1) * rowsPerBatch)];
}
