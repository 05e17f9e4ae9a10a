import { asc, gt } from 'drizzle-orm';
import type { Link } from '#lib/chain.ts';
import { audit } from './schema/people.ts';
import type { Tx } from './state.ts';

/** The audit trail as a hash chain. */
export const auditChain = {
  name: 'audit',
  members: async () => ['audit'],
  async links(db: Tx, { after, limit }: { after: number; limit: number }): Promise<Link[]> {
    const rows = await db.select().from(audit).where(gt(audit.seq, after)).orderBy(asc(audit.seq)).limit(limit);
    return rows.map(({ prevHash, hash, ...content }) => ({ seq: content.seq, prevHash, hash, content }));
  },
};
