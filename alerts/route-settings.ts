import { z } from 'zod';
import { durationText } from '#lib/schema.ts';
import { type Matcher, parseMatchers, patternProblem } from './matcher.ts';
import type { Inhibition } from './mute.ts';
import type { RouteWish } from './route.ts';

/** Old syntax (`match`, `match_re`) and new (`matchers`, a list or one text) side by side, as Alertmanager reads them. */
const matcherList = z.union([z.string().transform((text) => [text]), z.array(z.string())]).transform((texts, context): Matcher[] =>
  texts.flatMap((text, index) => {
    const parsed = parseMatchers(text);
    if (parsed.ok) return parsed.matchers;
    context.addIssue({ code: 'custom', path: [index], message: parsed.message, params: { hint: 'write it like severity="critical" or service=~"invoice|login"' } });
    return [];
  }),
);

const equals = z.record(z.string(), z.coerce.string()).transform((map): Matcher[] => Object.entries(map).map(([name, value]) => ({ name, operator: '=', value })));
const patterns = z.record(z.string(), z.string()).transform((map, context): Matcher[] =>
  Object.entries(map).map(([name, value]) => {
    const problem = patternProblem(value);
    if (problem) context.addIssue({ code: 'custom', path: [name], message: `bad regular expression: ${problem}`, params: { hint: 'the syntax is RE2; it is matched against the whole value' } });
    return { name, operator: '=~', value: problem ? '' : value };
  }),
);

const names = z.array(z.string().min(1));

const nodeShape = {
  receiver: z.string().min(1).optional(),
  group_by: names.optional(),
  group_wait: durationText.optional(),
  group_interval: durationText.optional(),
  repeat_interval: durationText.optional(),
  match: equals.optional(),
  match_re: patterns.optional(),
  matchers: matcherList.optional(),
  continue: z.boolean().optional(),
  mute_time_intervals: names.optional(),
  active_time_intervals: names.optional(),
};

type Node = z.output<z.ZodObject<typeof nodeShape>> & { routes?: Node[] | undefined };
const nodeSchema: z.ZodType<Node> = z.strictObject({ ...nodeShape, routes: z.array(z.lazy(() => nodeSchema)).optional() });

/** The tree; the root must name a receiver and match everything. */
export const routeSchema = nodeSchema.superRefine((root, context) => {
  const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message, params: { hint: 'the root route handles what no other route does' } });
  if (!root.receiver) complain('receiver', 'the root route needs a receiver');
  for (const key of ['match', 'match_re', 'matchers'] as const) if (root[key] && root[key].length > 0) complain(key, 'the root route must match everything');
  if (root.continue) complain('continue', 'the root route cannot continue');
  for (const key of ['mute_time_intervals', 'active_time_intervals'] as const) if (root[key] && root[key].length > 0) complain(key, 'the root route cannot have time intervals');
  checkTimers(root, [], context);
});

function checkTimers(node: Node, path: (string | number)[], context: z.RefinementCtx): void {
  for (const key of ['group_interval', 'repeat_interval'] as const)
    if (node[key] === 0) context.addIssue({ code: 'custom', path: [...path, key], message: 'must be longer than 0', params: { hint: 'write it like 5m' } });
  if (node.group_by?.includes('...') && node.group_by.length > 1)
    context.addIssue({ code: 'custom', path: [...path, 'group_by'], message: '"..." groups by every label and stands alone', params: { hint: 'remove the other labels, or "..."' } });
  node.routes?.forEach((child, index) => {
    checkTimers(child, [...path, 'routes', index], context);
  });
}

export interface NameUse {
  kind: 'receiver' | 'interval';
  name: string;
  path: (string | number)[];
}

/** Names used anywhere in a tree as it was written, with the place, so that a dangling one can be pointed at; what is no tree has none. */
export function namesIn(node: unknown, path: (string | number)[] = []): NameUse[] {
  if (typeof node !== 'object' || node === null) return [];
  const { receiver, routes, ...rest } = node as Record<string, unknown>;
  const found: NameUse[] = typeof receiver === 'string' && receiver !== '' ? [{ kind: 'receiver', name: receiver, path: [...path, 'receiver'] }] : [];
  for (const key of ['mute_time_intervals', 'active_time_intervals']) {
    const names = rest[key];
    if (Array.isArray(names)) for (const [index, name] of names.entries()) if (typeof name === 'string') found.push({ kind: 'interval', name, path: [...path, key, index] });
  }
  if (Array.isArray(routes)) for (const [index, child] of routes.entries()) found.push(...namesIn(child, [...path, 'routes', index]));
  return found;
}

export function routeWish(node: Node): RouteWish {
  return {
    matchers: [...(node.match ?? []), ...(node.match_re ?? []), ...(node.matchers ?? [])],
    receiver: node.receiver,
    groupBy: node.group_by?.includes('...') ? 'all' : node.group_by,
    groupWaitMs: node.group_wait,
    groupIntervalMs: node.group_interval,
    repeatIntervalMs: node.repeat_interval,
    muteIntervals: node.mute_time_intervals ?? [],
    activeIntervals: node.active_time_intervals ?? [],
    continues: node.continue ?? false,
    children: (node.routes ?? []).map(routeWish),
  };
}

export const inhibitionSchema = z
  .strictObject({
    name: z.string().optional(),
    source_match: equals.optional(),
    source_match_re: patterns.optional(),
    source_matchers: matcherList.optional(),
    target_match: equals.optional(),
    target_match_re: patterns.optional(),
    target_matchers: matcherList.optional(),
    equal: names.prefault([]),
  })
  .transform(
    (rule): Inhibition => ({
      source: [...(rule.source_match ?? []), ...(rule.source_match_re ?? []), ...(rule.source_matchers ?? [])],
      target: [...(rule.target_match ?? []), ...(rule.target_match_re ?? []), ...(rule.target_matchers ?? [])],
      equal: rule.equal,
    }),
  );
