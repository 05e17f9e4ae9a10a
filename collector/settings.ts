import { z } from 'zod';
import { buildKind } from '#lib/kinds.ts';
import { probeKinds } from './probes/index.ts';
import type { Probe } from './probes/probe.ts';
import { references as sourceReferences, shape as sourceShape } from './sources/settings.ts';
import { drops, type SpoolLimits } from './spool.ts';
import { vantageSchema } from './vantage.ts';

/** Every probe built by its kind; each problem keeps its place under `probes[n]`. */
const probesSection = z.array(z.record(z.string(), z.unknown())).transform((entries, context): Probe[] =>
  entries.flatMap((raw, index) => {
    const built = buildKind(probeKinds, raw, undefined);
    const issues = built.ok ? mistimed(built.ready) : built.issues;
    for (const issue of issues) context.addIssue({ ...issue, path: [index, ...issue.path] } as Parameters<typeof context.addIssue>[0]);
    return built.ok ? [{ ...built.ready, config: raw }] : [];
  }),
);

/** A probe that depends on itself, directly or by others, would excuse its own failure. */
const sorted = probesSection.superRefine((probes, context) => {
  const parents = new Map(probes.map(({ id, dependsOn = [] }) => [id, dependsOn]));
  const reaches = (from: string, to: string, seen: Set<string>): boolean => (parents.get(from) ?? []).some((parent) => parent === to || (!seen.has(parent) && reaches(parent, to, seen.add(parent))));
  for (const [index, { id }] of probes.entries()) {
    if (reaches(id, id, new Set()))
      context.addIssue({ code: 'custom', path: [index, 'depends_on'], input: id, message: `"${id}" depends on itself`, params: { hint: 'take one of the probes out of the circle' } });
  }
});

function mistimed(probe: Probe): z.core.$ZodIssueCustom[] {
  if (probe.slowAfterMs < probe.timeoutMs) return [];
  return [{ code: 'custom', path: ['slow_after'], input: probe.slowAfterMs, message: 'is not shorter than the timeout', params: { hint: 'an answer can only be slow before it times out' } }];
}

export const shape = {
  vantages: z.array(vantageSchema).default([]),
  probes: sorted.default([]),
  ...sourceShape,
  spool: z
    .strictObject({ max_megabytes: z.int().min(10).max(1_000_000).default(2_000), drop: z.enum(drops).default('newest') })
    .prefault({})
    .transform(({ max_megabytes: megabytes, drop }): SpoolLimits => ({ maxBytes: megabytes * 1_000_000, drop })),
};

export const references = [
  { from: 'probes[].service', to: 'services[].id' },
  { from: 'probes[].depends_on[]', to: 'probes[].id' },
  { from: 'probes[].vantages[]', to: 'vantages[].id' },
  ...sourceReferences,
];
