import type { Sample } from '#collector/sample.ts';
import { type Labels, labelKey } from '#lib/labels.ts';
import { between, day, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { readExposition } from './exposition.ts';
import { readSeriesName, type SeriesName } from './exposition-series.ts';

/** A series of a target with its labels as they are kept. */
interface KnownSeries extends SeriesName {
  key: string;
}

/** What a target showed last: how each series was written, so that it is read once, and which of them had no time of their own. */
export interface Shown {
  written: ReadonlyMap<string, KnownSeries>;
  live: ReadonlyMap<string, KnownSeries>;
}

export const nothingShown: Shown = { written: new Map(), live: new Map() };

export interface ScrapeTerms {
  /** `job`, `instance` and what the configuration adds. */
  labels: Labels;
  honorLabels: boolean;
  honorTimestamps: boolean;
  mostSamples: number;
  mask(value: string): string;
}

export interface ReadScrape {
  rows: Sample[];
  shown: Shown;
  /** Samples on the page. */
  scraped: number;
  /** The same series twice, or a time that cannot be kept. */
  dropped: number;
  exemplars: number;
}

const oldest = 180 * day;
const farthestAhead = 10 * minute;

/** One page of samples and the ends of the series that are no longer on it; throws an ExpositionError for a page that cannot be read. */
export function readScrape(page: { text: string; openMetrics: boolean; at: UnixMs }, terms: ScrapeTerms, before: Shown): ReadScrape {
  const written = new Map<string, KnownSeries>();
  const series = (name: string): KnownSeries => {
    const known = written.get(name) ?? before.written.get(name) ?? keptAs(readSeriesName(name), terms);
    written.set(name, known);
    return known;
  };
  const exposition = readExposition(page.text, { openMetrics: page.openMetrics, most: terms.mostSamples, series });
  const live = new Map<string, KnownSeries>();
  const seen = new Set<string>();
  const rows: Sample[] = [];
  let dropped = 0;
  for (const { series: one, value, at } of exposition.samples) {
    const own = terms.honorTimestamps && at !== undefined;
    const time = own ? unixMs(at) : page.at;
    const age = between(time, page.at);
    const twice = `${one.key} ${time}`;
    if (seen.has(twice) || age > oldest || age < -farthestAhead) dropped++;
    else rows.push({ metric: one.metric, labels: one.labels, at: time, value });
    seen.add(twice);
    // Who says when something was, says itself when it ended.
    if (!own) live.set(one.key, one);
  }
  rows.push(...ends(before, { live, at: page.at }));
  return { rows, shown: { written, live }, scraped: exposition.samples.length, dropped, exemplars: exposition.exemplars };
}

/** The ends of everything that was shown before and is not any more. */
export function ends(before: Shown, { live, at }: { live: Shown['live']; at: UnixMs }): Sample[] {
  const gone = [...before.live].filter(([key]) => !live.has(key));
  return gone.map(([, { metric, labels }]) => ({ metric, labels, at, value: Number.NaN, stale: true }));
}

/** A label the target shares with us is ours, and its own becomes `exported_`; with `honor_labels` its own stays. */
function keptAs({ metric, labels }: SeriesName, { labels: ours, honorLabels, mask }: ScrapeTerms): KnownSeries {
  // A map, because a stranger may name a label like something every object has.
  const kept = new Map(Object.entries(ours));
  for (const [name, value] of Object.entries(labels)) {
    let as = name;
    if (!honorLabels) while (Object.hasOwn(ours, as) || (as !== name && Object.hasOwn(labels, as))) as = `exported_${as}`;
    kept.set(as, mask(value));
  }
  const whole = Object.fromEntries(kept);
  return { metric, labels: whole, key: `${metric} ${labelKey(whole)}` };
}
