import { z } from 'zod';
import type { FailureKind } from '#collector/check.ts';
import { type Assertion, notJson } from '#collector/probes/answer.ts';
import { shown } from '#collector/probes/compare.ts';
import { jsonPathText, readJsonPath } from '#collector/probes/json-path.ts';

const codeList = z.union([z.array(z.union([z.string(), z.number()])), z.string(), z.number()]).transform((value) => [value].flat().map(String));

/** What a class of codes means for us; what the user did wrong is no failure of the service. */
const classes = { platform: 'business', throttle: 'throttled', data: 'mismatch', missing: 'missing', user: null } as const satisfies Record<string, FailureKind | null>;
const classNames = Object.keys(classes) as (keyof typeof classes)[];

const shape = z
  .strictObject({
    code: jsonPathText,
    ok: codeList,
    platform: codeList.default([]),
    throttle: codeList.default([]),
    data: codeList.default([]),
    missing: codeList.default([]),
    user: codeList.default([]),
    /** Whether a code of the user's fails as well, because the probe asks rightly. */
    user_fails: z.boolean().default(false),
    message: jsonPathText.optional(),
  })
  .superRefine((config, context) => {
    const seen = new Set<string>();
    for (const name of ['ok', ...classNames] as const)
      for (const code of config[name]) {
        if (seen.has(code)) context.addIssue({ code: 'custom', path: [name], message: `code "${code}" stands in two classes`, params: { hint: 'keep it in one' } });
        seen.add(code);
      }
  });

/** `{ code: $.code, ok: "001", platform: ["004", "010"], throttle: "003", data: "006", missing: "009", user: ["002", "005"] }`; a code nobody named is the platform's. */
export const code = shape.transform((config): Assertion => {
  const { text, path } = config.code;
  const expected = config.ok.join(', ');
  return {
    about: 'code',
    judge(answer) {
      const body = answer.json();
      if (body === undefined) return notJson(answer);
      const seen = readJsonPath(body, path);
      const got = seen === undefined || seen === null ? undefined : String(seen);
      if (got !== undefined && config.ok.includes(got)) return null;
      const name = classNames.find((each) => got !== undefined && config[each].includes(got)) ?? 'platform';
      const kind = classes[name] ?? (config.user_fails ? 'business' : null);
      if (kind === null) return null;
      const said = config.message ? readJsonPath(body, config.message.path) : undefined;
      const reason = `${text} = ${shown(seen)} (${name})${typeof said === 'string' ? ` ${said}` : ''}`.slice(0, 300);
      return { kind, reason, expected, got: shown(seen), evidence: { code: got ?? null, class: name } };
    },
  };
});
