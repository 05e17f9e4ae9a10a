import type { Alert, AlertTopics } from '#alerts/alert.ts';
import type { CheckFact, Facts } from '#alerts/ports.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { startLoop } from '#lib/loop.ts';
import { type DurationMs, durationMs, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { systemActor } from '#runbooks/advance.ts';
import { type ComponentStatus, suggestStatus } from './component.ts';
import { noticeDesk } from './desk.ts';
import type { PublicFacts } from './page-words.ts';
import type { AlertsNow, NoticeStore, NoticeTopics, ProbeDay, SetStatus, UptimeSource } from './ports.ts';
import { createPublication, type Publication, renderAll, type StatusAsk } from './publish.ts';
import type { ComponentSettings, SiteSettings } from './settings.ts';
import { barsFrom, uptimeOf } from './uptime.ts';

/** What a reload may change. */
export interface NoticeSettings {
  site: SiteSettings;
  components: readonly ComponentSettings[];
  probes: readonly { id: string; intervalMs: DurationMs }[];
}
export interface NoticeParts extends NoticeSettings {
  demo: boolean;
  /** The console's own address, for links when `site.public_url` is not set. */
  url: string;
  /** Where the public bytes are kept: `DATA/public`. */
  dir: string;
  store: NoticeStore;
  uptime: UptimeSource;
  facts: Facts;
  alerts: AlertsNow;
  bus: Bus<NoticeTopics & AlertTopics & CollectorTopics>;
  clock: Clock;
  onError(error: unknown): void;
}

interface Board {
  /** As people set them. */
  statuses: ReadonlyMap<string, SetStatus>;
  suggested: ReadonlyMap<string, ComponentStatus>;
  days: readonly ProbeDay[];
  /** Something was heard that may change what is suggested; where no checks are heard of, that says nothing. */
  stirred: boolean;
  hearsChecks: boolean;
  lookedAt: UnixMs;
}
const lookEvery = durationMs(5_000);
/** While only good results come and all is well, what is suggested can change by checks that stop coming alone. */
const lookAnyway = durationMs(30_000);
const uptimeEvery = durationMs(5 * minute);

/** Serves what was published last at once, then keeps components, notices and the public page together. */
export async function startNotices(given: NoticeParts) {
  const parts = { ...given };
  const { store, bus, clock, onError } = parts;
  const publication = createPublication({ dir: parts.dir, lifetimes: () => ({ cacheForMs: parts.site.cache_for, staleForMs: parts.site.stale_for }) });
  await publication.takeUp();
  const board: Board = { statuses: new Map(), suggested: new Map(), days: [], stirred: true, hearsChecks: false, lookedAt: unixMs(0) };
  const render = inTurn(() => renderNow(parts, { board, publication }));
  let stale = false;
  const republish = async (): Promise<void> => {
    stale = true;
    await render();
    stale = false;
  };
  const desk = noticeDesk({
    store,
    known: () => new Set(parts.components.map(({ id }) => id)),
    async changed({ noticeId, component }) {
      // The change is kept already: told that it failed, its author would make it twice. The page follows as soon as it can.
      await republish().catch(onError);
      if (noticeId) bus.emit('noticesChanged', { id: noticeId });
      bus.emit('componentsChanged', { id: component ?? '' });
    },
  });
  async function followAll(now: UnixMs): Promise<{ backlog: number }> {
    if (stale) await republish();
    return followChecks(parts, { board, setStatus: desk.setStatus }, now);
  }
  const loops = [
    startLoop({ name: 'components', everyMs: lookEvery, clock, onError, run: followAll }),
    startLoop({ name: 'uptime', everyMs: uptimeEvery, clock, onError, run: (now) => followDays(parts, { board, republish }, now) }),
  ];
  const stops = stirredBy(bus, board);
  return {
    desk: { ...desk, components: () => componentRows(parts, board) },
    /** Whether people say that a component this probe speaks for is being worked on. */
    maintains: (probeId: string): boolean => parts.components.some(({ id, probes }) => board.statuses.get(id)?.status === 'under_maintenance' && probes.includes(probeId)),
    statusAnswer: (ask: StatusAsk) => publication.answer(ask),
    /** Renders again, for a caller that changed something itself. */
    republish,
    /** Reads the days again now, for example after history was filled in. */
    refreshUptime: () => loops[1]?.nudge(),
    /** Takes over a reloaded configuration; what people set stays. */
    async replace({ site, components, probes }: NoticeSettings) {
      Object.assign(parts, { site, components, probes });
      board.stirred = true;
      loops[1]?.nudge();
      await republish();
    },
    health: () => loops.map((loop) => loop.health()),
    async stop() {
      for (const stop of stops) stop();
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
export type Notices = Awaited<ReturnType<typeof startNotices>>;

function stirredBy(bus: NoticeParts['bus'], board: Board): (() => void)[] {
  const stir = () => {
    board.stirred = true;
  };
  const isWell = () => [...board.suggested.values()].every((status) => status === 'operational');
  return [
    bus.on('checksStored', ({ results }) => {
      board.hearsChecks = true;
      if (!isWell() || results.some(({ outcome }) => outcome.kind !== 'pass')) stir();
    }),
    bus.on('alertsChanged', stir),
    bus.on('componentsChanged', stir),
  ];
}

/** One rendering at a time; a call during one waits for a fresh one after it. */
function inTurn(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const start = (): Promise<void> => {
    running = task().finally(() => {
      running = null;
    });
    return running;
  };
  return () => {
    if (!running) return start();
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        return start();
      });
    return next;
  };
}

async function renderNow(parts: NoticeParts, { board, publication }: { board: Board; publication: Publication }): Promise<void> {
  const { site, store, clock, demo } = parts;
  const now = clock.now();
  const [notices, statuses] = await Promise.all([store.notices({ limit: 100 }), store.statuses()]);
  board.statuses = statuses;
  const facts: PublicFacts = {
    name: site.name,
    zone: site.zone,
    languages: site.languages,
    url: (site.public_url ?? parts.url).replace(/\/+$/, ''),
    demo,
    notices,
    renderedAt: now,
    components: parts.components.filter(({ hidden }) => !hidden).map((component) => publicComponent(parts, { component, board }, now)),
  };
  await publication.publish(renderAll(facts));
}

function publicComponent({ site, probes }: NoticeParts, { component, board }: { component: ComponentSettings; board: Board }, now: UnixMs): PublicFacts['components'][number] {
  const set = board.statuses.get(component.id);
  return {
    id: component.id,
    name: component.name,
    about: component.about ?? null,
    status: set?.status ?? 'operational',
    updatedAt: set?.at ?? now,
    uptime: uptimeOf({ rows: board.days, probes: probes.filter(({ id }) => component.probes.includes(id)) }, { zone: site.zone, now }),
  };
}

/** What alerts and checks suggest; where policy allows it, the suggestion becomes the public status by itself. */
async function followChecks(parts: NoticeParts, { board, setStatus }: { board: Board; setStatus: ReturnType<typeof noticeDesk>['setStatus'] }, now: UnixMs): Promise<{ backlog: number }> {
  if (board.hearsChecks && !board.stirred && now - board.lookedAt < lookAnyway) return { backlog: 0 };
  Object.assign(board, { stirred: false, lookedAt: unixMs(0) });
  const alerts: readonly Alert[] = await parts.alerts.active();
  const checks = await recentChecks(parts, now);
  const before = board.suggested;
  board.statuses = await parts.store.statuses();
  board.suggested = new Map(
    parts.components.flatMap((component) => {
      const suggested = suggestStatus(component, { checks, alerts });
      return suggested === null ? [] : [[component.id, suggested]];
    }),
  );
  for (const { id, status: policy } of parts.components) {
    const suggested = board.suggested.get(id);
    if (suggested !== before.get(id)) parts.bus.emit('componentsChanged', { id });
    if (policy === 'automatic' && suggested !== undefined && suggested !== (board.statuses.get(id)?.status ?? 'operational'))
      await setStatus({ component: id, status: suggested, actor: systemActor, now });
  }
  // Only a look that succeeded puts the next one off.
  board.lookedAt = now;
  return { backlog: 0 };
}

function recentChecks({ facts, probes, components }: NoticeParts, now: UnixMs): Promise<readonly CheckFact[]> {
  const watched = new Set(components.flatMap((component) => component.probes));
  const mine = probes.filter(({ id }) => watched.has(id));
  if (mine.length === 0) return Promise.resolve([]);
  const longest = Math.max(30_000, ...mine.map(({ intervalMs }) => intervalMs * 2.5));
  return facts.recentChecks({ probeIds: mine.map(({ id }) => id), limit: 2, window: { from: unixMs(now - longest), until: unixMs(now + 1) } });
}

async function followDays(parts: NoticeParts, { board, republish }: { board: Board; republish: () => Promise<void> }, now: UnixMs): Promise<{ backlog: number }> {
  const probes = [...new Set(parts.components.flatMap((component) => component.probes))];
  try {
    if (probes.length > 0) board.days = await parts.uptime.days({ probes, from: barsFrom(now), until: now, zone: parts.site.zone });
  } finally {
    // Notices go public also while nobody knows the uptime.
    await republish();
  }
  return { backlog: 0 };
}

function componentRows({ components }: NoticeParts, board: Board) {
  return Promise.resolve(
    components.map(({ id, name }) => {
      const status = board.statuses.get(id)?.status ?? 'operational';
      return { id, name, status, suggested: board.suggested.get(id) ?? status };
    }),
  );
}
