import { createHash } from 'node:crypto';
import { storableJson } from './storable.ts';

/** Hash chains: each record carries the hash of the one before it, so changing, removing or inserting one breaks every later link. */
export interface Link {
  /** From 1, without gaps. */
  seq: number;
  prevHash: string;
  hash: string;
  /** Everything the record says, `seq` included, without the two hashes. */
  content: unknown;
}

/** What stands before the first record. */
export const genesisHash = '0'.repeat(64);

/** The hash of a record: SHA-256 over the hash before it and the record in canonical JSON, as a store keeps it. */
export function chainHash(prevHash: string, content: unknown): string {
  return createHash('sha256')
    .update(prevHash)
    .update('\n')
    .update(storableJson(canonicalJson(content)))
    .digest('hex');
}

/** The place of the first record that does not follow from the one before it; null when the chain is whole. */
export function firstBrokenLink(links: Iterable<Link>, from: { seq: number; hash: string } = { seq: 0, hash: genesisHash }): number | null {
  let { seq, hash } = from;
  for (const link of links) {
    if (link.seq !== seq + 1 || link.prevHash !== hash || link.hash !== chainHash(hash, link.content)) return seq + 1;
    ({ seq, hash } = link);
  }
  return null;
}

/** The same value always gives the same text: keys sorted, no spaces, absent keys left out, as after a trip through a JSON column. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((entry) => canonicalJson(entry ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON());
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}
