import { iso, parseIso } from '#lib/time.ts';
import type { CheckRecord } from './questions.ts';
import type { ProbeView } from './views.ts';

const said = [
  { key: 'certificateUntil', what: 'certificate' },
  { key: 'expiresAt', what: 'domain' },
] as const;

/** When what a probe saw runs out, by the newest of its checks that tells; each instant as that check saw it. */
export function expiriesOf(newestFirst: readonly Pick<CheckRecord, 'evidence'>[]): ProbeView['expiries'] {
  return said.flatMap(({ key, what }) => {
    for (const { evidence } of newestFirst) {
      const text = evidence[key];
      const at = typeof text === 'string' ? parseIso(text) : undefined;
      if (at !== undefined) return [{ what, at: iso(at) }];
    }
    return [];
  });
}
