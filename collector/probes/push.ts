import type { z } from 'zod';
import type { BeatExpectation, BeatSeen } from '#collector/beat.ts';
import { defineKind } from '#lib/kinds.ts';
import { durationText, secretText } from '#lib/schema.ts';
import { type DurationMs, durationMs, formatDuration, iso, minute, type UnixMs } from '#lib/time.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';

const period = (least: number) =>
  durationText.refine((span) => span >= least && span <= 400 * 86_400_000, { message: `must be between ${least} ms and 400 days`, params: { hint: 'for example 5m, 1d' } });

const shape = {
  ...probeShape,
  /** How often the sender promises to beat. */
  every: period(1_000),
  /** How much later a beat may come. */
  grace: period(0).default(minute),
  token: secretText.refine((token) => /^[A-Za-z0-9_-]{16,200}$/.test(token.reveal()), {
    message: 'a token is 16 to 200 letters, digits, "-" and "_"',
    params: { hint: 'make one with: openssl rand -hex 20' },
  }),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** A dead man's switch: a job beats, and silence longer than its promise is the failure. */
export const push = defineKind({
  kind: 'push',
  label: { 'zh-CN': '心跳上报', en: 'Push (dead man’s switch)' },
  fields: [
    ...probeFields.filter(({ id }) => id !== 'vantages'),
    { id: 'every', label: { 'zh-CN': '应多久上报一次', en: 'A beat every' }, input: 'duration', required: true, help: { 'zh-CN': '例如 5m、1d', en: 'For example 5m, 1d' } },
    { id: 'grace', label: { 'zh-CN': '可晚多久', en: 'Grace' }, input: 'duration', required: false, help: { 'zh-CN': '默认 1m', en: '1m by default' } },
    {
      id: 'token',
      label: { 'zh-CN': '上报令牌', en: 'Token' },
      input: 'secret',
      required: true,
      help: { 'zh-CN': '上报地址为 /api/v1/push/令牌', en: 'Beats go to /api/v1/push/TOKEN' },
    },
  ],
  shape,
  agree: ({ vantages }) => (vantages.length === 0 ? [] : [{ path: ['vantages'], message: 'a push probe looks from nowhere: its beats come to us', hint: 'leave vantages out' }]),
  make: (config) => {
    const beat = { token: config.token, everyMs: config.every, graceMs: config.grace };
    return { ...readyProbe(config, { kind: 'push', target: `≤ ${formatDuration(config.every)} + ${formatDuration(config.grace)}`, check: (look) => check(config, { look, beat }) }), beat };
  },
});

function check({ id }: Config, { look, beat }: { look: Look; beat: BeatExpectation }): Promise<Sight> {
  const seen = look.beats?.(id);
  if (!seen) return Promise.resolve({ outcome: { kind: 'unknown', reason: 'only the running collector hears beats' }, phases: {}, evidence: {} });
  const { last, since } = seen;
  const evidence =
    last === null
      ? { listeningSince: iso(since) }
      : { lastBeat: iso(last.at), status: last.status, ...(last.message === '' ? {} : { message: excerpt(last.message) }), ...(last.tookMs === null ? {} : { tookMs: last.tookMs }) };
  return Promise.resolve({ outcome: judgeBeat(beat, seen, look.clock.now()), phases: {}, evidence });
}

/** In time, the beat's own word counts; silence counts once somebody has listened for as long as it may last. */
export function judgeBeat({ everyMs, graceMs }: Pick<BeatExpectation, 'everyMs' | 'graceMs'>, { last, since }: BeatSeen, now: UnixMs): Sight['outcome'] {
  const allowed = durationMs(everyMs + graceMs);
  if (last !== null && now - last.at <= allowed) {
    if (last.status === 'up') return { kind: 'pass' };
    return { kind: 'fail', failure: { kind: 'assertion', reason: excerpt(last.message).slice(0, 300) || 'down' } };
  }
  const listened = durationMs(now - since);
  if (listened <= allowed) return { kind: 'unknown', reason: `beat ∅: ${rounded(listened)} < ${formatDuration(allowed)}` };
  const silence = durationMs(now - (last?.at ?? since));
  return { kind: 'fail', failure: { kind: 'timeout', reason: `beat ${last === null ? '∅' : iso(last.at)}: ${rounded(silence)} > ${formatDuration(allowed)}` } };
}

const rounded = (span: DurationMs): string => formatDuration(durationMs(Math.round(Math.max(0, span) / 1_000) * 1_000));
