import { z } from 'zod';
import type { Phases } from '#collector/check.ts';
import { type Disagreement, defineKind } from '#lib/kinds.ts';
import { createCookieJar } from './cookies.ts';
import { type Lines, linesOf, type Request } from './exchange.ts';
import { addPhases, follow } from './follow.ts';
import { answerEvidence } from './http.ts';
import { dialDisagreements, dialFields, dialingOf, dialOptions } from './http-options.ts';
import { lineFields, lineShape, lookHeaders, shownUrl, wireHeaders } from './http-shape.ts';
import { type JourneyStep, stepSchema } from './journey-step.ts';
import { revealed, valueFields, valueShape } from './journey-values.ts';
import { extractFrom, judgeStep, type Verdict } from './judge-step.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { filled, slotsOf } from './template.ts';

const shape = {
  ...probeShape,
  ...lineShape,
  ...dialOptions,
  ...valueShape,
  steps: z.array(stepSchema).min(1, 'a journey has at least one step').max(30),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** Several requests in a row as one user makes them, with values carried from step to step and the answer compared with a known one. */
export const journey = defineKind({
  kind: 'journey',
  label: { 'zh-CN': '多步流程', en: 'Journey' },
  fields: [
    ...probeFields,
    ...valueFields,
    {
      id: 'steps',
      label: { 'zh-CN': '步骤', en: 'Steps' },
      input: 'yaml',
      required: true,
      help: { 'zh-CN': '按顺序执行，任何一步不成立即失败', en: 'In order; the first step that does not hold fails the journey' },
    },
    ...dialFields,
    ...lineFields,
  ],
  shape,
  agree: (config) => [...unknownNames(config), ...dialDisagreements(config, firstAddress(config, config.variables))],
  make: (config) => readyProbe(config, { kind: 'journey', target: targetOf(config), check: (look) => walk(config, look) }),
});

/** The first address, for a person; it may hold slots, which no parser takes. */
function targetOf({ steps }: Config): string {
  const first = steps[0]?.request.url ?? '';
  return URL.canParse(first) && slotsOf(first).length === 0 ? shownUrl(new URL(first)) : first;
}

/** Where the journey begins, as far as the values tell; the client certificate is for that origin alone. */
function firstAddress({ steps }: Config, values: Readonly<Record<string, string>>): URL | null {
  const first = filledAddress(steps[0]?.request.url ?? '', values);
  return URL.canParse(first) ? new URL(first) : null;
}

/** A step may only use what was written down or stored before it. */
function unknownNames(config: Config): Disagreement[] {
  const known = new Set([...Object.keys(config.variables), ...Object.keys(config.secrets)]);
  return config.steps.flatMap((step, index) => {
    const wrong = slotsOf(step.request).filter((name) => !known.has(name));
    for (const name of Object.keys(step.extract)) known.add(name);
    const first =
      index === 0 && !/^https?:\/\/|^\{\{/.test(step.request.url)
        ? [{ path: ['steps', 0, 'request', 'url'], message: `"${step.request.url}" is not an http or https address`, hint: 'the first step needs a whole address; later ones may be relative' }]
        : [];
    return [
      ...first,
      ...wrong.map((name) => ({ path: ['steps', index, 'request'], message: `nothing is stored as "${name}" before this step`, hint: `known here: ${[...known].join(', ') || 'nothing'}` })),
    ];
  });
}

interface Walk {
  config: Config;
  look: Look;
  lines: Lines;
  jar: ReturnType<typeof createCookieJar>;
  values: Record<string, string>;
  /** The address of the step before, for relative addresses. */
  here: URL | undefined;
}

interface StepTrace {
  name: string;
  status: number | null;
  ms: number;
}

async function walk(config: Config, look: Look): Promise<Sight> {
  const secrets = revealed(config.secrets);
  const values = { ...config.variables, ...secrets };
  const lines = linesOf(look, config, dialingOf(config, firstAddress(config, values)));
  const walking: Walk = { config, look, lines, jar: createCookieJar(), values, here: undefined };
  const steps: StepTrace[] = [];
  let phases: Phases = {};
  try {
    for (const step of config.steps) {
      const startedAt = look.clock.elapsed();
      const taken = await takeStep(step, walking);
      phases = addPhases(phases, taken.phases);
      steps.push({ name: step.name, status: taken.status, ms: Math.round((look.clock.elapsed() - startedAt) * 10) / 10 });
      if (taken.outcome === null) continue;
      return withoutSecrets({ outcome: taken.outcome, phases, evidence: { step: step.name, steps, ...taken.evidence } }, Object.values(secrets));
    }
    return { outcome: { kind: 'pass' }, phases, evidence: { steps } };
  } finally {
    lines.close();
  }
}

interface Taken {
  /** Null when the journey may go on. */
  outcome: Exclude<Sight['outcome'], { kind: 'pass' }> | null;
  phases: Phases;
  status: number | null;
  evidence: Readonly<Record<string, unknown>>;
}

async function takeStep(step: JourneyStep, walking: Walk): Promise<Taken> {
  const { look, lines, jar } = walking;
  const request = requestOf(step, walking);
  if (request === null) return { outcome: { kind: 'unknown', reason: `${step.name}: the address cannot be read` }, phases: {}, status: null, evidence: {} };
  const { last, phases, url } = await follow(request, { lines, clock: look.clock, signal: look.signal, redirects: 5, jar });
  walking.here = url;
  if (!last.ok) {
    const outcome = last.outcome.kind === 'fail' ? { kind: 'fail' as const, failure: { ...last.outcome.failure, reason: `${step.name}: ${last.outcome.failure.reason}` } } : last.outcome;
    return { outcome, phases, status: null, evidence: { url: shownUrl(url) } };
  }
  const verdict = judgeStep(step, last.answer) ?? keep(step, { walking, answer: last.answer, url });
  const { status } = last.answer;
  if (verdict === null) return { outcome: null, phases, status, evidence: {} };
  const { kind, reason } = verdict.failure;
  return { outcome: { kind: 'fail', failure: { kind, reason: `${step.name}: ${reason}` } }, phases, status, evidence: { url: shownUrl(url), ...answerEvidence(last.answer), ...verdict.evidence } };
}

/** A value that is the whole address stands as it is; one within is a part of it. */
const filledAddress = (url: string, values: Readonly<Record<string, string>>): string => filled(url, values, /^\{\{[^}]*\}\}$/.test(url) ? undefined : encodeURIComponent);

function requestOf({ request }: JourneyStep, { config, look, jar, values, here }: Walk): Request | null {
  const address = filledAddress(request.url, values);
  if (!URL.canParse(address, here)) return null;
  const url = new URL(address, here);
  const cookie = jar.header(url);
  const body = bodyOf(request, values);
  const headers = { ...lookHeaders(look), ...(cookie === undefined ? {} : { cookie }), ...(body ? { 'content-type': body.type } : {}), ...filled(wireHeaders(request.headers), values) };
  return { method: request.method ?? (body ? 'POST' : 'GET'), url, headers, body: body?.text ?? null, maxBodyBytes: config.max_body };
}

function bodyOf({ form, json, body }: JourneyStep['request'], values: Readonly<Record<string, string>>): { type: string; text: string } | null {
  if (form) return { type: 'application/x-www-form-urlencoded', text: new URLSearchParams(filled(form, values)).toString() };
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(filled(json, values)) };
  return body === undefined ? null : { type: 'text/plain; charset=utf-8', text: filled(body, values) };
}

/** Stores what the step asks for; a value that is not there fails the step, because the next one would fail for a stranger reason. */
function keep(step: JourneyStep, { walking, answer, url }: { walking: Walk; answer: Parameters<typeof judgeStep>[1]; url: URL }): Verdict | null {
  for (const [name, how] of Object.entries(step.extract)) {
    const value = extractFrom(how, { answer, cookie: (cookie) => walking.jar.value(url, cookie) });
    if (value === undefined) return { failure: { kind: step.fails_as ?? 'assertion', reason: `${name} = ∅` }, evidence: { expected: name, got: null } };
    walking.values[name] = value;
  }
  return null;
}

function withoutSecrets(sight: Sight, secrets: readonly string[]): Sight {
  const hidden = secrets.filter((secret) => secret.length >= 3);
  if (hidden.length === 0) return sight;
  const hide = (value: unknown): unknown => {
    if (typeof value === 'string') return hidden.reduce((text, secret) => text.replaceAll(secret, '•••').replaceAll(encodeURIComponent(secret), '•••'), value);
    if (Array.isArray(value)) return value.map(hide);
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hide(inner)]));
    return value;
  };
  return { ...sight, outcome: hide(sight.outcome) as Sight['outcome'], evidence: hide(sight.evidence) as Record<string, unknown> };
}
