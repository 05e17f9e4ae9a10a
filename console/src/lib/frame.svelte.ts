import type { Catalogue } from './i18n/zh-CN.ts';
import type { IconName } from './icons.ts';

/** What the frame shows of the page inside it. */
class Frame {
  crumbs: { text: string; href?: string }[] = $state([]);
  folded: boolean = $state(false);
  /** The rail as a drawer on a phone. */
  drawer: boolean = $state(false);
  palette: boolean = $state(false);
  keys: boolean = $state(false);

  start(): void {
    this.folded = localStorage.getItem('rail') === 'folded';
  }
  fold(): void {
    this.folded = !this.folded;
    localStorage.setItem('rail', this.folded ? 'folded' : 'open');
  }
}
export const frame = new Frame();

export interface Place {
  path: string;
  icon: IconName;
  word: keyof Catalogue['nav'];
  /** The second key after `g`. */
  key: string;
  badge?: 'alerts' | 'incidents' | 'notices';
}

/** The rail, top to bottom; the palette and the keys go to the same places. */
export const places: readonly Place[] = [
  { path: '/', icon: 'overview', word: 'overview', key: 'o' },
  { path: '/dashboards', icon: 'dashboards', word: 'dashboards', key: 'd' },
  { path: '/probes', icon: 'probes', word: 'probes', key: 'p' },
  { path: '/logs', icon: 'logs', word: 'logs', key: 'l' },
  { path: '/alerts', icon: 'alerts', word: 'alerts', key: 'a', badge: 'alerts' },
  { path: '/incidents', icon: 'incidents', word: 'incidents', key: 'i', badge: 'incidents' },
  { path: '/runbooks', icon: 'runbooks', word: 'runbooks', key: 'r' },
  { path: '/on-call', icon: 'onCall', word: 'onCall', key: 'c' },
  { path: '/notices', icon: 'notices', word: 'notices', key: 'n', badge: 'notices' },
  { path: '/reports', icon: 'reports', word: 'reports', key: 't' },
  { path: '/settings', icon: 'settings', word: 'settings', key: 's' },
];

export const demoPlaces: readonly Place[] = [
  { path: '/demo', icon: 'demo', word: 'demo', key: 'f' },
  { path: '/demo/inbox', icon: 'inbox', word: 'inbox', key: 'm' },
];

export const boards = [
  { id: 'latency', word: 'latency' },
  { id: 'errors', word: 'errors' },
  { id: 'logins', word: 'logins' },
] as const;

/** Whether a rail entry is the page's own: the longest matching path wins, so `/demo` is not lit in `/demo/inbox`. */
export function isHere(place: string, path: string, all: readonly string[]): boolean {
  const matches = (candidate: string): boolean => (candidate === '/' ? path === '/' : path === candidate || path.startsWith(`${candidate}/`));
  return matches(place) && !all.some((other) => other.length > place.length && matches(other));
}
