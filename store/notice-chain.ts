import { and, asc, eq, gt, like } from 'drizzle-orm';
import type { NoticeUpdate } from '#notices/notice.ts';
import { noticeUpdate } from './schema/notices.ts';
import { chainHead } from './schema/people.ts';
import type { Tx } from './state.ts';

const prefix = 'notice/';
export const noticeChainName = (id: string): string => `${prefix}${id}`;

/** What an update says, without its hashes. */
export const noticeContent = ({ seq, at, by, status, impact, title, body, advice, components, nextUpdateAt, corrects }: Omit<NoticeUpdate, 'prevHash' | 'hash'>) => ({
  seq,
  at,
  by,
  status,
  impact,
  title,
  body,
  advice,
  components,
  nextUpdateAt,
  corrects,
});

/** Each notice's updates as a chain of its own. */
export const noticeChain = {
  name: 'notice',
  async members(db: Tx): Promise<string[]> {
    const rows = await db
      .select({ chain: chainHead.chain })
      .from(chainHead)
      .where(like(chainHead.chain, `${prefix}%`))
      .orderBy(asc(chainHead.chain));
    return rows.map(({ chain }) => chain);
  },
  async links(db: Tx, { chain, after, limit }: { chain: string; after: number; limit: number }) {
    const id = chain.slice(prefix.length);
    const rows = await db
      .select()
      .from(noticeUpdate)
      .where(and(eq(noticeUpdate.noticeId, id), gt(noticeUpdate.seq, after)))
      .orderBy(asc(noticeUpdate.seq))
      .limit(limit);
    return rows.map((row) => ({ seq: row.seq, prevHash: row.prevHash, hash: row.hash, content: noticeContent(row) }));
  },
};
