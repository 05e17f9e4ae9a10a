import type { LineOptions } from '#collector/probes/line.ts';
import type { Sample } from '#collector/sample.ts';
import { due, emptyPlan, nextStart, planProbes } from '#collector/scheduler.ts';
import { fingerprint, type Labels } from '#lib/labels.ts';
import { between, type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import { ExpositionError } from './exposition-error.ts';
import { createLabelMask } from './label-mask.ts';
import { fetchPage } from './scrape-page.ts';
import { ends, nothingShown, type ReadScrape, readScrape, type Shown } from './scrape-target.ts';
import type { RunningSource, SourceContext } from './source.ts';
import { createCounters, type SourceCounters } from './source-counters.ts';

export interface Scraping {
  id: string;
  service: string;
  job: string;
  targets: readonly URL[];
  labels: Labels;
  intervalMs: DurationMs;
  timeoutMs: number;
  honorLabels: boolean;
  honorTimestamps: boolean;
  mostBytes: number;
  mostSamples: number;
  line: Omit<LineOptions, 'clock'>;
  authorization(): string | null;
}

interface Target {
  id: string;
  intervalMs: DurationMs;
  vantages: readonly string[];
  url: URL;
  labels: Labels;
  shown: Shown;
  /** Undefined before the first look. */
  up?: boolean;
  error: string | null;
  lookedAt: UnixMs | null;
  busy: Promise<void> | null;
}

interface Running extends SourceContext {
  terms: Scraping;
  counters: SourceCounters;
  mask: ReturnType<typeof createLabelMask>;
  stopping: AbortController;
}

/** A clock set back is noticed after so long at the latest. */
const longestSleepMs = 60_000;

/** Looks at each target at fixed points in time, spread over the interval by the source's name; never at one that is still being looked at. */
export function startScraping(terms: Scraping, context: SourceContext): RunningSource {
  const { clock } = context;
  const running: Running = { ...context, terms, counters: createCounters({ id: terms.id, kind: 'scrape', clock }), mask: createLabelMask(), stopping: new AbortController() };
  const targets = terms.targets.map((url) => targetOf(url, terms));
  const seed = Number.parseInt(fingerprint({ source: terms.id }).slice(0, 8), 16) / 0xffffffff;
  const plan = planProbes(targets, { seed, before: emptyPlan });
  let since = clock.now();
  let cancel = arm();

  function arm(): () => void {
    const now = clock.now();
    return clock.after(durationMs(Math.min(longestSleepMs, Math.max(0, (nextStart(plan, since) ?? now) - now))), wake);
  }
  function wake(): void {
    const now = clock.now();
    if (now < since) since = now;
    const { starts } = due(plan, { since, now });
    since = now;
    for (const { slot } of starts) look(slot.probe, running);
    cancel = arm();
  }

  return {
    health() {
      const looked = targets.flatMap(({ lookedAt }) => lookedAt ?? []);
      const late = looked.length === 0 ? null : Math.max(0, between(Math.min(...looked) as UnixMs, clock.now()) - terms.intervalMs);
      return running.counters.health({ open: targets.filter(({ up }) => up).length, lagMs: late });
    },
    nudge: () => targets.forEach((target) => void look(target, running)),
    async stop() {
      cancel();
      running.stopping.abort(new Error('stopping'));
      await Promise.all(targets.map(({ busy }) => busy));
    },
  };
}

function targetOf(url: URL, { service, job, labels, intervalMs }: Scraping): Target {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return { id: url.href, intervalMs, vantages: [], url, labels: { job, instance: `${url.hostname}:${port}`, service, ...labels }, shown: nothingShown, error: null, lookedAt: null, busy: null };
}

function look(target: Target, running: Running): void {
  if (target.busy || running.stopping.signal.aborted) return;
  target.busy = scrapeOnce(target, running)
    .catch((error: unknown) => running.onError(error))
    .finally(() => {
      target.busy = null;
    });
}

async function scrapeOnce(target: Target, running: Running): Promise<void> {
  const { terms, clock, spool, counters, stopping } = running;
  const at = clock.now();
  const startedAt = clock.elapsed();
  const page = await fetchPage({
    ...{ url: target.url, authorization: terms.authorization(), maxBytes: terms.mostBytes, timeoutMs: durationMs(terms.timeoutMs), stopping: stopping.signal },
    line: { ...terms.line, clock },
  });
  // A source that stops has not seen its target fail.
  if (stopping.signal.aborted) return;
  const hidden = running.mask();
  const read = page.ok ? readPage(target, { text: page.text, openMetrics: page.openMetrics, at, mask: hidden.mask }, running) : page.reason;
  const seconds = (clock.elapsed() - startedAt) / 1_000;
  const rows = typeof read === 'string' ? [...ends(target.shown, { live: new Map(), at })] : read.rows;
  rows.push(...ofTheScrape(target, { at, up: typeof read !== 'string', seconds, scraped: typeof read === 'string' ? 0 : read.scraped }));
  const kept = await spool.append({ kind: 'samples', rows }, { whenFull: 'drop' });
  count(counters, { read, kept: kept === 'kept', rows: rows.length, masked: hidden.count(), unreadable: page.ok && typeof read === 'string' });
  // What the spool did not take has not been said: the ends are told the next time.
  if (kept === 'kept') target.shown = typeof read === 'string' ? nothingShown : read.shown;
  target.up = typeof read !== 'string';
  target.error = typeof read === 'string' ? `${target.labels.instance}: ${read}` : null;
  target.lookedAt = at;
  if (target.error === null) counters.recovered();
  else counters.fail(target.error);
}

function readPage(target: Target, { mask, ...page }: { text: string; openMetrics: boolean; at: UnixMs; mask(value: string): string }, { terms }: Running): ReadScrape | string {
  const { honorLabels, honorTimestamps, mostSamples } = terms;
  try {
    return readScrape(page, { labels: target.labels, honorLabels, honorTimestamps, mostSamples, mask }, target.shown);
  } catch (error) {
    if (error instanceof ExpositionError) return error.message;
    throw error;
  }
}

function ofTheScrape({ labels }: Target, { at, up, seconds, scraped }: { at: UnixMs; up: boolean; seconds: number; scraped: number }): Sample[] {
  const one = (metric: string, value: number): Sample => ({ metric, labels, at, value });
  return [one('up', up ? 1 : 0), one('scrape_duration_seconds', seconds), one('scrape_samples_scraped', scraped)];
}

interface Seen {
  read: ReadScrape | string;
  kept: boolean;
  rows: number;
  masked: number;
  unreadable: boolean;
}

function count(counters: SourceCounters, { read, kept, rows, masked, unreadable }: Seen): void {
  const { scraped = 0, dropped = 0, exemplars = 0 } = typeof read === 'string' ? {} : read;
  const lost = kept ? dropped + exemplars : rows + dropped;
  counters.add({ lines: scraped, events: kept ? scraped - dropped : 0, dropped: lost, malformed: unreadable ? 1 : 0, masked });
}
