import { z } from 'zod';
import { buildKind } from '#lib/kinds.ts';
import { sourceKinds } from './index.ts';
import type { Source } from './source.ts';

/** `sources:` of the configuration, each entry built by its kind. */
const sourcesSection = z.array(z.record(z.string(), z.unknown())).transform((entries, context): Source[] =>
  entries.flatMap((raw, index) => {
    const built = buildKind<Source, void>(sourceKinds, raw, undefined);
    if (built.ok) return [built.ready];
    for (const issue of built.issues) context.addIssue({ ...issue, path: [index, ...issue.path] } as Parameters<typeof context.addIssue>[0]);
    return [];
  }),
);

export const shape = { sources: sourcesSection.default([]) };
export const references = [{ from: 'sources[].service', to: 'services[].id' }];
