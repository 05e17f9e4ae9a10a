import { aligned, axisTime, clockTime, plain, type Shown, show, span, type Unit, wholeTime } from './format.ts';
import { language } from './language.svelte.ts';
import { ticker } from './live.svelte.ts';

/** The zone the site lives in; every instant of the console is shown in it. */
class Site {
  zone: string = $state('Asia/Shanghai');
}
export const site = new Site();

const place = (): { zone: string; language: typeof language.code } => ({ zone: site.zone, language: language.code });

/** The formats of `format.ts` in the language, zone and moment of the page. */
export const figure = (value: number | null, unit: Unit): Shown => show(value, unit, language.code);
export const figureText = (value: number | null, unit: Unit): string => plain(value, unit, language.code);
export const columnText = (value: number | null, unit: Unit): string => aligned(value, unit, language.code);
export const spanText = (ms: number): string => span(ms, language.code);
export const clock = (at: string | number, seconds = false): string => clockTime(at, { ...place(), now: ticker.now, seconds });
export const whole = (at: string | number): string => wholeTime(at, place());
export const axis = (rangeMs: number): ((at: number) => string) => {
  const here = place();
  return (at) => axisTime(at, rangeMs, here);
};
/** How long since an instant, by the page's clock. */
export const sinceMs = (at: string | number): number => ticker.now - (typeof at === 'number' ? at : Date.parse(at));
/** How long until an instant; negative when it has passed. */
export const untilMs = (at: string | number): number => -sinceMs(at);

/** A version as people say it: `7` is `v7`. */
export const versionText = (version: string): string => (/^\d/.test(version) ? `v${version}` : version);
