import type { Failure } from '#collector/check.ts';
import type { Answer } from './answer.ts';
import { firstMiss, withStatus } from './assertion.ts';
import { againstKnown } from './assertions/golden.ts';
import { shown } from './compare.ts';
import type { Extract, JourneyStep } from './journey-step.ts';
import { readJsonPath } from './json-path.ts';

/** What an answer means for the step that asked. */

export interface Verdict {
  failure: Failure;
  evidence: Readonly<Record<string, unknown>>;
}

/** Status first, then the business code, then what must hold, then the known answer; null when all is well. */
export function judgeStep(step: JourneyStep, answer: Answer): Verdict | null {
  const assertions = withStatus(step.expect);
  return (
    missed(step, { answer, assertions: assertions.filter(({ about }) => about === 'status') }) ??
    judgeCode(step, answer) ??
    missed(step, { answer, assertions: assertions.filter(({ about }) => about !== 'status') }) ??
    judgeGolden(step, answer)
  );
}

function missed(step: JourneyStep, { answer, assertions }: { answer: Answer; assertions: ReturnType<typeof withStatus> }): Verdict | null {
  const miss = firstMiss(assertions, answer);
  if (miss === null) return null;
  const kind = miss.kind === 'assertion' ? (step.fails_as ?? 'assertion') : miss.kind;
  return { failure: { kind, reason: miss.reason }, evidence: { expected: miss.expected, got: miss.got, ...miss.evidence } };
}

function judgeCode({ codes }: JourneyStep, answer: Answer): Verdict | null {
  if (!codes) return null;
  const seen = readJsonPath(answer.json(), codes.path.path);
  const code = seen === undefined || seen === null ? '' : String(seen);
  if (codes.ok.includes(code)) return null;
  const message = codes.message ? readJsonPath(answer.json(), codes.message.path) : undefined;
  const said = typeof message === 'string' ? ` ${message}` : '';
  return { failure: { kind: codes.map[code] ?? 'business', reason: `${codes.path.text} = ${shown(seen)}${said}`.slice(0, 300) }, evidence: { code, expected: codes.ok.join(', '), got: code } };
}

function judgeGolden({ golden }: JourneyStep, answer: Answer): Verdict | null {
  if (!golden) return null;
  const miss = againstKnown(answer.json(), { ...golden.json, equals: golden.equals });
  if (miss === null) return null;
  return { failure: { kind: miss.kind, reason: miss.reason }, evidence: miss.evidence ?? { expected: golden.equals, got: null } };
}

/** The value to keep, as text; undefined when the answer does not hold it. */
export function extractFrom(how: Extract, { answer, cookie }: { answer: Answer; cookie: (name: string) => string | undefined }): string | undefined {
  if ('json' in how) {
    const value = readJsonPath(answer.json(), how.json.path);
    return value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
  }
  if ('header' in how) return answer.headers[how.header.toLowerCase()];
  if ('cookie' in how) return cookie(how.cookie);
  const match = how.regex.matcher(answer.body);
  if (!match.find()) return undefined;
  return match.groupCount() > 0 ? (match.group(1) ?? undefined) : (match.group() ?? undefined);
}
