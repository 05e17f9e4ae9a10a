import { z } from 'zod';
import { proxiesText } from '#collector/formats/proxies.ts';
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

export const shape = { sources: sourcesSection.default([]), trusted_proxies: proxiesText.default([]) };

/** Kinds whose lines may name who asked behind a proxy. */
const behindProxies: ReadonlySet<string> = new Set(sourceKinds.flatMap(({ kind, schema }) => ('trusted_proxies' in schema.shape ? [kind] : [])));

/** The proxies of the whole site stand in front of every source that names none itself. */
export function withSiteProxies(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { sources, trusted_proxies: proxies } = raw;
  if (!Array.isArray(sources) || !Array.isArray(proxies) || !proxiesText.safeParse(proxies).success) return raw;
  const isBehind = (entry: unknown): entry is Record<string, unknown> =>
    typeof entry === 'object' && entry !== null && 'kind' in entry && behindProxies.has(String(entry.kind)) && !('trusted_proxies' in entry);
  return { ...raw, sources: sources.map((entry: unknown) => (isBehind(entry) ? { ...entry, trusted_proxies: proxies } : entry)) };
}
export const references = [{ from: 'sources[].service', to: 'services[].id' }];
