import { type DurationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Probe } from './probes/probe.ts';

/**
 * When each probe starts from each vantage. A start is a fixed point in time, `n · interval + offset` counted from 1970, so
 * nothing drifts, a restart changes nothing, and what is due is a matter of arithmetic.
 */
export interface Slot<What extends Scheduled = Probe> {
  key: string;
  probe: What;
  vantageId: string;
  offsetMs: number;
}

/** What is needed of a probe, or of anything else that recurs, to give it its times. */
export type Scheduled = Pick<Probe, 'id' | 'intervalMs' | 'vantages'>;

/** The slots of one interval, by offset. */
interface Ring<What extends Scheduled> {
  intervalMs: DurationMs;
  slots: readonly Slot<What>[];
}

export interface Plan<What extends Scheduled = Probe> {
  rings: readonly Ring<What>[];
  /** Which place in its ring's sequence a slot holds; kept over a reload, so that unchanged probes keep their times. */
  places: ReadonlyMap<string, number>;
}

export const emptyPlan: Plan<never> = { rings: [], places: new Map() };

/** The golden ratio's sequence fills an interval evenly at every length: each new slot falls into the widest gap. */
const goldenStep = (Math.sqrt(5) - 1) / 2;

/**
 * Waking for each start by itself costs more than many a check: starts that lie close are moved to a common beat, as far as that
 * brings few of them together. Few, because what starts together waits for one another within this process.
 */
const beatsMs = [50, 20, 10, 5, 2];
const mostTogether = 6;
const beatOf = (count: number, intervalMs: DurationMs): number => beatsMs.find((beat) => count * beat >= 2 * intervalMs && count * beat <= mostTogether * intervalMs) ?? 1;

/** Places every probe and vantage; slots that were in `before` with the same interval keep their place. */
export function planProbes<What extends Scheduled>(probes: readonly What[], { seed, before }: { seed: number; before: Plan<What> }): Plan<What> {
  const wanted = probes.flatMap((probe) => vantageIds(probe).map((vantageId) => ({ key: `${probe.intervalMs} ${probe.id} ${vantageId}`, probe, vantageId })));
  const places = new Map<string, number>();
  const rings = new Map<DurationMs, Slot<What>[]>();
  const taken = new Map<DurationMs, Set<number>>();
  for (const { key, probe } of wanted) {
    const place = before.places.get(key);
    if (place === undefined) continue;
    places.set(key, place);
    taken.set(probe.intervalMs, (taken.get(probe.intervalMs) ?? new Set()).add(place));
  }
  const next = new Map<DurationMs, number>();
  const beats = new Map([...Map.groupBy(wanted, ({ probe }) => probe.intervalMs)].map(([intervalMs, { length }]) => [intervalMs, beatOf(length, intervalMs)]));
  for (const { key, probe, vantageId } of wanted) {
    const used = taken.get(probe.intervalMs) ?? new Set();
    let place = places.get(key) ?? next.get(probe.intervalMs) ?? 0;
    if (!places.has(key)) {
      while (used.has(place)) place++;
      next.set(probe.intervalMs, place + 1);
      places.set(key, place);
    }
    const beat = beats.get(probe.intervalMs) ?? 1;
    const offsetMs = Math.floor((((seed + place * goldenStep) % 1) * probe.intervalMs) / beat) * beat;
    const slots = rings.get(probe.intervalMs) ?? [];
    slots.push({ key, probe, vantageId, offsetMs });
    rings.set(probe.intervalMs, slots);
  }
  return { places, rings: [...rings].map(([intervalMs, slots]) => ({ intervalMs, slots: slots.sort((a, b) => a.offsetMs - b.offsetMs) })) };
}

/** A probe that names no vantage runs from here. */
export const vantageIds = (probe: Scheduled): readonly string[] => (probe.vantages.length > 0 ? probe.vantages : ['local']);

export interface Start<What extends Scheduled = Probe> {
  slot: Slot<What>;
  /** When it should have started. */
  at: UnixMs;
}

/**
 * The starts in (since, now], in order. After a pause longer than an interval a slot starts once, not once for every
 * start it missed: `missed` counts those.
 */
export function due<What extends Scheduled>(plan: Plan<What>, { since, now }: { since: UnixMs; now: UnixMs }): { starts: Start<What>[]; missed: number } {
  const starts: Start<What>[] = [];
  let missed = 0;
  for (const ring of plan.rings) {
    if (now - since >= ring.intervalMs) {
      for (const slot of ring.slots) {
        starts.push({ slot, at: lastStart(slot, ring.intervalMs, now) });
        missed += turnsBy(slot, ring.intervalMs, now) - turnsBy(slot, ring.intervalMs, since) - 1;
      }
      continue;
    }
    for (let index = firstAfter(ring, since), at = startAfter(ring, since); at !== null && at <= now; ) {
      const slot = ring.slots[index % ring.slots.length];
      if (slot) starts.push({ slot, at });
      index++;
      at = unixMs(turnOf(ring, since, index) + (ring.slots[index % ring.slots.length]?.offsetMs ?? 0));
    }
  }
  return { starts: starts.sort((a, b) => a.at - b.at), missed };
}

/** The next start of all after `now`; null when there is nothing to do. */
export function nextStart(plan: Plan<Scheduled>, now: UnixMs): UnixMs | null {
  let next: UnixMs | null = null;
  for (const ring of plan.rings) {
    const at = startAfter(ring, now);
    if (at !== null && (next === null || at < next)) next = at;
  }
  return next;
}

const turnsBy = ({ offsetMs }: Pick<Slot, 'offsetMs'>, intervalMs: DurationMs, at: UnixMs): number => Math.floor((at - offsetMs) / intervalMs);
const lastStart = (slot: Pick<Slot, 'offsetMs'>, intervalMs: DurationMs, now: UnixMs): UnixMs => unixMs(turnsBy(slot, intervalMs, now) * intervalMs + slot.offsetMs);

/** The index of the first slot whose start comes after `since`, counted on from the turn `since` lies in. */
function firstAfter(ring: Ring<Scheduled>, since: UnixMs): number {
  const into = since % ring.intervalMs;
  let low = 0;
  let high = ring.slots.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring.slots[middle]?.offsetMs ?? 0) > into) high = middle;
    else low = middle + 1;
  }
  return low;
}

function startAfter(ring: Ring<Scheduled>, since: UnixMs): UnixMs | null {
  if (ring.slots.length === 0) return null;
  const index = firstAfter(ring, since);
  return unixMs(turnOf(ring, since, index) + (ring.slots[index % ring.slots.length]?.offsetMs ?? 0));
}

/** When the turn began that the slot at `index` belongs to. */
const turnOf = (ring: Ring<Scheduled>, since: UnixMs, index: number): number => since - (since % ring.intervalMs) + Math.floor(index / ring.slots.length) * ring.intervalMs;
