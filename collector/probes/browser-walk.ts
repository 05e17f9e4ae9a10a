import type { Page } from 'playwright-core';
import type { FailureKind } from '#collector/check.ts';
import type { Clock } from '#lib/clock.ts';
import type { BrowserStep } from './browser-step.ts';
import { shown } from './compare.ts';
import { readJsonPath } from './json-path.ts';
import { filled } from './template.ts';

/** One journey on one page: takes the steps in order and says what the first that does not hold means. */
export interface BrowserWalk {
  page: Page;
  clock: Clock;
  /** On the clock's monotonic time; what is not done by then is a time-out. */
  deadline: number;
  values: Record<string, string>;
  /** Asks over HTTP, guarded like the page; resolves with the body, at most 64 kB. */
  fetchText(url: string): Promise<string>;
}

export interface Trouble {
  kind: FailureKind;
  reason: string;
  evidence?: Readonly<Record<string, unknown>>;
}

/** Null when the step holds. Throws only what is nobody's answer: a browser that is gone. */
export async function takeBrowserStep(step: BrowserStep, walk: BrowserWalk): Promise<Trouble | null> {
  try {
    const trouble = (await act(step, walk)) ?? (await store(step, walk));
    return trouble && (await explained(trouble, { step, walk }));
  } catch (error) {
    const { message, name } = error as Error;
    if (/Target (page|crashed)|has been closed|Page crashed|browser has disconnected/i.test(message)) throw error;
    const line = message.split('\n')[0] ?? message;
    if (/^net::|net::ERR_/.test(line) || line.includes('net::ERR_')) return networkTrouble(line);
    if (name !== 'TimeoutError') return explained({ kind: step.fails_as ?? 'assertion', reason: line.slice(0, 200) }, { step, walk });
    const awaited = awaitedBy(step);
    return explained({ kind: step.fails_as ?? 'timeout', reason: `timeout${awaited === '' ? '' : `: ${awaited}`}` }, { step, walk });
  }
}

function networkTrouble(line: string): Trouble {
  const code = /net::(ERR_[A-Z_]+)/.exec(line)?.[1] ?? '';
  const kind = /NAME_NOT_RESOLVED/.test(code) ? 'dns' : /CERT|SSL/.test(code) ? 'tls' : /TIMED_OUT/.test(code) ? 'timeout' : 'connect';
  return { kind, reason: code };
}

const awaitedBy = (step: BrowserStep): string => {
  if (step.wait_for) return 'selector' in step.wait_for ? step.wait_for.selector : 'text' in step.wait_for ? shown(step.wait_for.text) : step.wait_for.url;
  return step.click ?? step.goto ?? Object.keys(step.fill ?? step.select ?? step.store)[0] ?? '';
};

/** A failure named by what the page says about it, when the step knows the sign. */
async function explained(trouble: Trouble, { step, walk }: { step: BrowserStep; walk: BrowserWalk }): Promise<Trouble> {
  for (const clue of step.fails_when) {
    const place = clueLocator(walk.page, clue).first();
    if (!(await place.isVisible().catch(() => false))) continue;
    const text = ((await place.textContent({ timeout: 500 }).catch(() => '')) ?? '').trim().slice(0, 160);
    return { ...trouble, kind: clue.as, reason: text === '' ? clue.selector : text };
  }
  return trouble;
}

const clueLocator = (page: Page, { selector, contains }: BrowserStep['fails_when'][number]) => (contains === undefined ? page.locator(selector) : page.locator(selector).filter({ hasText: contains }));

const left = ({ clock, deadline }: BrowserWalk): number => Math.max(1, Math.round(deadline - clock.elapsed()));

async function act(step: BrowserStep, walk: BrowserWalk): Promise<Trouble | null> {
  const { page, values } = walk;
  const timeout = left(walk);
  if (step.goto !== undefined) return visit(filled(step.goto, values, /^\{\{[^}]*\}\}$/.test(step.goto) ? undefined : encodeURIComponent), walk);
  if (step.click !== undefined) await page.locator(step.click).first().click({ timeout });
  for (const [selector, text] of Object.entries(step.fill ?? {}))
    await page
      .locator(selector)
      .first()
      .fill(filled(text, values), { timeout: left(walk) });
  for (const [selector, text] of Object.entries(step.select ?? {}))
    await page
      .locator(selector)
      .first()
      .selectOption(filled(text, values), { timeout: left(walk) });
  if (step.wait_for) return waitFor(step, walk);
  if (step.expect) return expectAll(step, walk);
  if (step.captcha) return readCaptcha(step, walk);
  return step.compare ? compare(step.compare, { step, walk }) : null;
}

async function visit(address: string, walk: BrowserWalk): Promise<Trouble | null> {
  const here = /^https?:/.test(walk.page.url()) ? walk.page.url() : undefined;
  const url = URL.canParse(address, here) ? new URL(address, here) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return { kind: 'assertion', reason: `${shown(address)} is not an http or https address` };
  const answer = await walk.page.goto(url.href, { timeout: left(walk), waitUntil: 'domcontentloaded' });
  const status = answer?.status() ?? 200;
  return status >= 400 ? { kind: 'status', reason: `HTTP ${status} ≠ 2xx`, evidence: { status } } : null;
}

/** Ends early when a sign of failure shows up instead of what is waited for. */
async function waitFor(step: BrowserStep, walk: BrowserWalk): Promise<Trouble | null> {
  const { page } = walk;
  const wish = filled(step.wait_for as NonNullable<BrowserStep['wait_for']>, walk.values);
  const timeout = left(walk);
  if ('url' in wish) {
    await page.waitForURL((url) => url.href.includes(wish.url), { timeout, waitUntil: 'commit' });
    return null;
  }
  const target = 'text' in wish ? page.getByText(wish.text).first() : page.locator(wish.selector).first();
  const state = 'state' in wish ? wish.state : 'visible';
  const clues = step.fails_when.map((clue) =>
    clueLocator(page, clue)
      .first()
      .waitFor({ state: 'visible', timeout })
      .then(() => clue),
  );
  const first = await Promise.race([target.waitFor({ state, timeout }).then(() => null), ...clues.map((clue) => clue.catch(() => new Promise<never>(() => undefined)))]);
  return first === null ? null : { kind: first.as, reason: first.contains ?? first.selector };
}

async function read(walk: BrowserWalk, { selector, how, attribute }: { selector: string; how: 'text' | 'value'; attribute?: string | undefined }): Promise<string | null> {
  const place = walk.page.locator(selector).first();
  const timeout = left(walk);
  if (attribute !== undefined) return place.getAttribute(attribute, { timeout });
  return how === 'value' ? place.inputValue({ timeout }) : ((await place.textContent({ timeout })) ?? '').trim();
}

async function expectAll(step: BrowserStep, walk: BrowserWalk): Promise<Trouble | null> {
  for (const wish of filled(step.expect ?? [], walk.values)) {
    if (wish.count !== undefined) {
      const count = await walk.page.locator(wish.selector).count();
      if (count !== wish.count) return fell(step, { field: wish.selector, expected: wish.count, got: count });
    }
    if (wish.equals === undefined && wish.contains === undefined) continue;
    const seen = await read(walk, { selector: wish.selector, how: wish.read });
    if (wish.equals !== undefined && seen !== wish.equals) return fell(step, { field: wish.selector, expected: wish.equals, got: short(seen) });
    if (wish.contains !== undefined && !(seen ?? '').includes(wish.contains)) return fell(step, { field: wish.selector, expected: `∋ ${wish.contains}`, got: short(seen) });
  }
  return null;
}

const short = (text: string | null): string | null => text?.slice(0, 200) ?? null;

const fell = (step: BrowserStep, { field, expected, got }: { field: string; expected: unknown; got: unknown }): Trouble => ({
  kind: step.fails_as ?? 'assertion',
  reason: `${field}: ${shown(got)} ≠ ${shown(expected)}`,
  evidence: { expected, got },
});

async function readCaptcha(step: BrowserStep, walk: BrowserWalk): Promise<Trouble | null> {
  const { url, json, store: name } = step.captcha as NonNullable<BrowserStep['captcha']>;
  const here = /^https?:/.test(walk.page.url()) ? walk.page.url() : undefined;
  const address = filled(url, walk.values, encodeURIComponent);
  if (!URL.canParse(address, here)) return { kind: step.fails_as ?? 'captcha', reason: `${shown(address)} is not an address` };
  const body = await walk.fetchText(new URL(address, here).href);
  let seen: unknown;
  try {
    seen = readJsonPath(JSON.parse(body), json.path);
  } catch {
    seen = undefined;
  }
  if (typeof seen !== 'string' && typeof seen !== 'number') return { kind: step.fails_as ?? 'captcha', reason: `${json.text} = ${shown(seen)}` };
  walk.values[name] = String(seen);
  return null;
}

async function compare({ record, absent, fields }: NonNullable<BrowserStep['compare']>, { step, walk }: { step: BrowserStep; walk: BrowserWalk }): Promise<Trouble | null> {
  const timeout = left(walk);
  const { page } = walk;
  const appeared = page
    .locator(record)
    .first()
    .waitFor({ state: 'visible', timeout })
    .then(() => null);
  const signs = [...(absent === undefined ? [] : [{ selector: absent, as: 'missing' as const }]), ...step.fails_when];
  const waits = signs.map((sign) =>
    clueLocator(page, sign)
      .first()
      .waitFor({ state: 'visible', timeout })
      .then(() => sign)
      .catch(() => new Promise<never>(() => undefined)),
  );
  const seen = await Promise.race([appeared.catch(() => ({ selector: record, as: 'missing' as const })), ...waits]);
  if (seen !== null) {
    const text = (
      (await page
        .locator(seen.selector)
        .first()
        .textContent({ timeout: 500 })
        .catch(() => '')) ?? ''
    )
      .trim()
      .slice(0, 160);
    return {
      kind: seen.as,
      reason: `${record} = ∅${text === '' ? '' : ` ${text}`}`,
      evidence: { expected: Object.fromEntries(Object.entries(fields).map(([name, { equals }]) => [name, equals])), got: null },
    };
  }
  const difference: { field: string; expected: string; got: string | null }[] = [];
  for (const [field, { selector, equals }] of Object.entries(filled(fields, walk.values))) {
    const place = page.locator(record).first().locator(selector).first();
    const got = (await place.count()) === 0 ? null : short(((await place.textContent({ timeout: left(walk) })) ?? '').trim());
    if (got !== equals) difference.push({ field, expected: equals, got });
  }
  const [worst] = difference;
  if (!worst) return null;
  return { kind: 'mismatch', reason: `${worst.field}: ${shown(worst.got ?? undefined)} ≠ ${shown(worst.expected)}`, evidence: { difference: difference.slice(0, 20) } };
}

/** A value that is not there fails the step, because the next one would fail for a stranger reason. */
async function store(step: BrowserStep, walk: BrowserWalk): Promise<Trouble | null> {
  for (const [name, { selector, read: how, attribute }] of Object.entries(step.store)) {
    if (attribute !== undefined)
      await walk.page
        .locator(`${selector}[${attribute}]`)
        .first()
        .waitFor({ state: 'attached', timeout: left(walk) });
    const value = await read(walk, { selector, how, attribute });
    if (value === null || value === '') return { kind: step.fails_as ?? 'assertion', reason: `${name} = ∅` };
    walk.values[name] = value;
  }
  return null;
}
