import { BlockList, isIP } from 'node:net';

/**
 * Addresses a probe must not be led to: link-local and cloud metadata endpoints hand out credentials to whoever asks from the
 * machine itself. Operators choose their targets, so private and loopback addresses stay allowed.
 */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addAddress('100.100.100.200', 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6');

/** True for an address probes are kept from unless `metadata_addresses: allow`. An IPv4 address inside an IPv6 one counts. */
export function isRefused(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').split('%')[0] ?? '';
  const family = isIP(bare);
  return family !== 0 && refused.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}

export interface Found {
  address: string;
  family: number;
}

/** The addresses of a name that a probe may go to. A re-check begins with the next one: one bad address among several is not the whole service. */
export function allowedOf(found: readonly Found[], { allowMetadata, attempt }: { allowMetadata: boolean; attempt: number }): Found[] {
  const allowed = allowMetadata ? [...found] : found.filter(({ address }) => !isRefused(address));
  const first = allowed.length === 0 ? 0 : attempt % allowed.length;
  return first === 0 ? allowed : [...allowed.slice(first), ...allowed.slice(0, first)];
}

/** The one a kind that goes to a single address takes. */
export const firstAllowed = (...about: Parameters<typeof allowedOf>): Found | undefined => allowedOf(...about)[0];
