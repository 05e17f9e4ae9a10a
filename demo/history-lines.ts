import type { CheckResult } from '#collector/check.ts';
import { minute, type UnixMs, unixMs } from '#lib/time.ts';
import { load } from './day-shape.ts';
import { momentAt } from './history.ts';
import type { LoginMark } from './invoice-service.ts';
import { medianMs } from './invoice-service.ts';
import { accessLine, loginLine } from './log-lines.ts';
import { someVisitor, type Visitor } from './people.ts';
import type { Random } from './random.ts';
import { visitsPerSecond } from './traffic.ts';

/** The log lines of the past, by the same shape of the day as the living traffic. */
export interface HistoryLines {
  access: string[];
  login: string[];
}

/** Share of the real traffic that is told of the older past. */
const sparseShare = 0.1;

interface Past {
  from: UnixMs;
  denseFrom: UnixMs;
  until: UnixMs;
}

export function historyLines({ from, denseFrom, until }: Past, { random, checks }: { random: Random; checks: readonly CheckResult[] }): HistoryLines {
  const lines: HistoryLines = { access: [], login: [] };
  const pen: Pen = { lines, random, now: until };
  for (let at = from; at < until; at = unixMs(at + minute)) {
    const visits = visitsPerSecond * 60 * load(at) * (at < denseFrom ? sparseShare : 1);
    for (let left = whole(visits, random); left > 0; left--) {
      const start = unixMs(Math.round(at + random.next() * minute));
      if (start < until) pastVisit(start, pen);
    }
  }
  for (const check of checks) pastKnock(check, pen);
  return lines;
}

/** 2.3 is 2, and 3 in three of ten cases. */
const whole = (amount: number, random: Random): number => Math.floor(amount) + (random.chance(amount % 1) ? 1 : 0);

interface Pen {
  lines: HistoryLines;
  random: Random;
  now: UnixMs;
}

function pastVisit(at: UnixMs, pen: Pen): void {
  const { random } = pen;
  const visitor = someVisitor(random);
  if (request({ at, visitor, method: 'GET', path: '/', code: '' }, pen) >= 500) return;
  for (let attempt = 0; attempt < 3; attempt++) if (pastLogin(at, visitor, pen)) break;
  for (let left = random.whole(1, 3); left > 0; left--) {
    request({ at, visitor, method: 'POST', path: '/query', code: random.chance(0.01) ? '009' : '001' }, pen);
    if (random.chance(0.3)) request({ at, visitor, method: 'POST', path: '/verify', code: '001' }, pen);
  }
}

function pastLogin(at: UnixMs, visitor: Visitor, pen: Pen): boolean {
  const { random, lines, now } = pen;
  request({ at, visitor, method: 'GET', path: '/captcha', code: '000' }, pen);
  const captcha = random.chance(Math.max(0.03, momentAt(at, now).captchaShare));
  const failed: LoginMark['failed'] = captcha ? 'captcha' : random.chance(0.015) ? 'password' : '';
  const status = request({ at, visitor, method: 'POST', path: '/login', code: failed === '' ? '000' : failed === 'captcha' ? '008' : '101' }, pen);
  if (status !== 200) return false;
  lines.login.push(loginLine({ at, client: visitor.client, clientPort: visitor.clientPort, user: visitor.user, known: true, failed }).trimEnd());
  return failed === '';
}

interface PastRequest {
  at: UnixMs;
  visitor: Pick<Visitor, 'client' | 'userAgent'>;
  method: string;
  path: string;
  code: string;
}

/** Returns the status. */
function request({ at, visitor, method, path, code }: PastRequest, { lines, random, now }: Pen): number {
  const moment = momentAt(at, now);
  const status = random.chance(moment.errorShare) ? 500 : 200;
  const ms = random.lognormal(medianMs[path] ?? 20, 0.4) + (moment.slowMs > 0 ? random.lognormal(moment.slowMs, 0.3) : 0);
  const bytes = path === '/' ? 2_900 : path === '/captcha' ? 780 : 210;
  lines.access.push(accessLine({ at, client: visitor.client, userAgent: visitor.userAgent, method, target: path, status, bytes, seconds: ms / 1_000, code: status === 200 ? code : '' }).trimEnd());
  return status;
}

const steps: Readonly<Record<string, readonly [string, string, string][]>> = {
  'invoice-home': [['GET', '/', '']],
  'invoice-captcha': [['GET', '/captcha', '000']],
  'invoice-login': [
    ['GET', '/', ''],
    ['GET', '/captcha', '000'],
    ['POST', '/login', '000'],
  ],
  'invoice-journey': [
    ['GET', '/', ''],
    ['GET', '/captcha', '000'],
    ['POST', '/login', '000'],
    ['POST', '/query', '001'],
  ],
};

/** What a probe's check left in the service's own logs. */
function pastKnock({ at, probeId, vantage }: CheckResult, pen: Pen): void {
  const visitor = { client: '127.0.0.1', userAgent: `fenghuo-probe/0.1 (${vantage})` };
  for (const [method, path, code] of steps[probeId] ?? []) {
    request({ at, visitor, method, path, code }, pen);
    if (path === '/login') pen.lines.login.push(loginLine({ at, client: visitor.client, clientPort: 40_000, user: 'demo', known: true, failed: '' }).trimEnd());
  }
}
