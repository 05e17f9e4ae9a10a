import { type Labels, labelKey, pickLabels } from '#lib/labels.ts';
import type { DurationMs } from '#lib/time.ts';
import { formatMatcher, type Matcher, matchesAll } from './matcher.ts';

/** One node of the tree with everything inherited filled in. */
export interface Route {
  /** Where it stands: `0`, `0/2`, … for people; stable while the tree is. */
  path: readonly string[];
  /** Alertmanager's key: the matchers from the root down. */
  key: string;
  matchers: readonly Matcher[];
  receiver: string;
  /** `'all'` groups by every label. */
  groupBy: readonly string[] | 'all';
  groupWaitMs: DurationMs;
  groupIntervalMs: DurationMs;
  repeatIntervalMs: DurationMs;
  muteIntervals: readonly string[];
  activeIntervals: readonly string[];
  continues: boolean;
  children: readonly Route[];
}

/** What a route may leave to its parent. */
export interface RouteWish {
  matchers: readonly Matcher[];
  receiver?: string | undefined;
  groupBy?: readonly string[] | 'all' | undefined;
  groupWaitMs?: DurationMs | undefined;
  groupIntervalMs?: DurationMs | undefined;
  repeatIntervalMs?: DurationMs | undefined;
  muteIntervals: readonly string[];
  activeIntervals: readonly string[];
  continues: boolean;
  children: readonly RouteWish[];
}

const defaults = { receiver: '', groupBy: [] as readonly string[], groupWaitMs: 30_000 as DurationMs, groupIntervalMs: 300_000 as DurationMs, repeatIntervalMs: 14_400_000 as DurationMs };

/** Fills in what children inherit. Mute and active intervals are never inherited, as in Alertmanager. */
export function buildRoute(wish: RouteWish, parent: Route | undefined = undefined, place = ''): Route {
  const inherited = parent ?? defaults;
  const own = `{${wish.matchers.map(formatMatcher).join(',')}}${place}`;
  const receiver = wish.receiver ?? inherited.receiver;
  const route: Route = {
    path: [...(parent?.path ?? []), parent ? own : 'root'],
    key: parent ? `${parent.key}/${own}` : '{}',
    matchers: wish.matchers,
    receiver,
    groupBy: wish.groupBy ?? inherited.groupBy,
    groupWaitMs: wish.groupWaitMs ?? inherited.groupWaitMs,
    groupIntervalMs: wish.groupIntervalMs ?? inherited.groupIntervalMs,
    repeatIntervalMs: wish.repeatIntervalMs ?? inherited.repeatIntervalMs,
    muteIntervals: wish.muteIntervals,
    activeIntervals: wish.activeIntervals,
    continues: wish.continues,
    children: [],
  };
  const seen = new Map<string, number>();
  const children = wish.children.map((child) => {
    // Two siblings with the same matchers must not share a group, so the second says its number.
    const text = child.matchers.map(formatMatcher).join(',');
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    return buildRoute(child, route, before === 0 ? '' : `#${before + 1}`);
  });
  return { ...route, children };
}

/** The routes that handle these labels: the first matching child wins unless it continues; a node none of whose children match handles them itself. */
export function routesFor(route: Route, labels: Labels): Route[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of route.children) {
    const handled = routesFor(child, labels);
    found.push(...handled);
    if (handled.length > 0 && !child.continues) break;
  }
  return found.length > 0 ? found : [route];
}

export function allRoutes(route: Route): Route[] {
  return [route, ...route.children.flatMap(allRoutes)];
}

/** The labels a route groups by; a missing one is left out. */
export const groupLabels = (route: Route, labels: Labels): Labels => (route.groupBy === 'all' ? labels : pickLabels(labels, route.groupBy));

export const groupKey = (route: Route, labels: Labels): string => `${route.key}:${labelKey(labels)}`;
