import type { ValidationTargets } from 'hono';
import { validator } from 'hono-openapi';
import { z } from 'zod';
import type { Span } from '#lib/series.ts';
import { day, hour, minute, parseDuration, parseIso, type UnixMs, unixMs } from '#lib/time.ts';
import { refusal } from './answers.ts';

type Issue = { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined };
const pathOf = (issue: Issue): string => (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');

/** Checks one part of a request; what does not fit is told field by field. */
export function input<Target extends keyof ValidationTargets, Shape extends z.ZodType>(target: Target, shape: Shape) {
  return validator(target, shape, (result, c) => {
    if (result.success) return;
    const problems = result.error.slice(0, 50).map((issue) => ({ path: pathOf(issue), message: issue.message.slice(0, 300), hint: '' }));
    return c.json(
      refusal(
        'invalid',
        {
          'zh-CN': `有 ${problems.length} 处不对：${problems[0]?.path ?? ''} ${problems[0]?.message ?? ''}`.trim(),
          en: `${problems.length} thing(s) wrong: ${problems[0]?.path ?? ''} ${problems[0]?.message ?? ''}`.trim(),
        },
        problems,
      ),
      422,
    );
  });
}

export const shortText = z.string().trim().min(1).max(200);
export const longText = z.string().trim().min(1).max(20_000);
export const bilingual = z.strictObject({ 'zh-CN': z.string().max(20_000), en: z.string().max(20_000) });
/** `90s`, `2m`, or minutes as a number. */
export const spanText = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, { message: 'not a duration, for example "2m"' })
  .transform((text) => parseDuration(text) ?? minute);

export const rangeShape = { from: z.string().max(40).optional(), to: z.string().max(40).optional(), range: z.string().max(20).optional() };
export type RangeInput = { from?: string | undefined; to?: string | undefined; range?: string | undefined };

const longest = 400 * day;

/** `from` and `to` as ISO instants, or `range=15m` up to now; the last hour when nothing is asked. */
export function spanOf({ from, to, range }: RangeInput, now: UnixMs): { ok: true; span: Span } | { ok: false; path: string; message: string } {
  const until = to === undefined || to === 'now' ? now : parseIso(to);
  if (until === undefined) return { ok: false, path: 'to', message: `"${to}" is not an ISO 8601 instant` };
  const width = range === undefined ? hour : parseDuration(range);
  if (width === undefined || width <= 0) return { ok: false, path: 'range', message: `"${range}" is not a duration, for example 15m, 1h, 7d` };
  const start = from === undefined ? unixMs(until - width) : parseIso(from);
  if (start === undefined) return { ok: false, path: 'from', message: `"${from}" is not an ISO 8601 instant` };
  if (start >= until) return { ok: false, path: 'from', message: 'the range ends before it begins' };
  if (until - start > longest) return { ok: false, path: 'from', message: 'the range is longer than 400 days' };
  return { ok: true, span: { from: start, until } };
}

export const idText = z.string().trim().min(1).max(100);
