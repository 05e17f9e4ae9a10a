import type { Bilingual } from '#lib/text.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';

export const outcomeKinds = ['pass', 'slow', 'fail', 'unknown'] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];

export const failureKinds = ['dns', 'connect', 'tls', 'timeout', 'status', 'assertion', 'mismatch', 'missing', 'login', 'captcha', 'throttled', 'business', 'domain'] as const;
/** Exported as the attribute `error.type`. */
export type FailureKind = (typeof failureKinds)[number];

export const failureLabels: Readonly<Record<FailureKind, Bilingual>> = {
  dns: { 'zh-CN': '域名解析失败', en: 'name lookup failed' },
  connect: { 'zh-CN': '连接失败', en: 'connection failed' },
  tls: { 'zh-CN': '证书或加密失败', en: 'TLS failed' },
  timeout: { 'zh-CN': '超时', en: 'timed out' },
  status: { 'zh-CN': '状态码错误', en: 'bad status' },
  assertion: { 'zh-CN': '断言不成立', en: 'assertion failed' },
  mismatch: { 'zh-CN': '查询结果错误', en: 'wrong answer' },
  missing: { 'zh-CN': '查不到记录', en: 'record not found' },
  login: { 'zh-CN': '登录失败', en: 'login failed' },
  captcha: { 'zh-CN': '验证码失败', en: 'captcha failed' },
  throttled: { 'zh-CN': '被限流', en: 'throttled' },
  business: { 'zh-CN': '业务错误码', en: 'business error code' },
  domain: { 'zh-CN': '域名注册异常', en: 'domain registration in trouble' },
};

export interface Failure {
  kind: FailureKind;
  /** One sentence for a person, with the value that was seen. */
  reason: string;
}

export type Outcome = { kind: 'pass' } | { kind: 'slow'; reason?: string } | { kind: 'fail'; failure: Failure } | { kind: 'unknown'; reason: string };

export const phaseNames = ['dns', 'connect', 'tls', 'firstByte', 'body'] as const;
/** Milliseconds spent in each phase; a phase that did not happen is absent. */
export type Phases = Readonly<Partial<Record<(typeof phaseNames)[number], number>>>;

/** One execution of a probe from one vantage: a fact, never changed. */
export interface CheckResult {
  probeId: string;
  service: string;
  vantage: string;
  /** When the check started. */
  at: UnixMs;
  durationMs: DurationMs;
  outcome: Outcome;
  /** A pass or slow seen before the answer was complete stays marked so it is not counted twice. */
  phases: Phases;
  /** Status, a body excerpt, the step that failed, expected and got: small, masked, JSON. */
  evidence: Readonly<Record<string, unknown>>;
  /** 0 for a scheduled check, 1… for the re-checks that confirm a failure. */
  attempt: number;
  /** Seen in a planned window: kept and shown, and counted nowhere. */
  maintenance?: boolean;
}
