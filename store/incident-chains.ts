import { and, asc, eq, gt, like } from 'drizzle-orm';
import type { TimelineEntry } from '#runbooks/timeline.ts';
import { incidentTimeline, runEvent } from './schema/incidents.ts';
import { chainHead } from './schema/people.ts';
import type { Tx } from './state.ts';

const timelinePrefix = 'incident/';
const runPrefix = 'run/';
export const timelineChainName = (incidentId: string): string => `${timelinePrefix}${incidentId}`;
export const runChainName = (runId: string): string => `${runPrefix}${runId}`;

/** What a line of a timeline says, without its hashes. */
export const timelineContent = ({ seq, at, actor, kind, tone, text, link }: Omit<TimelineEntry, 'prevHash' | 'hash'>) => ({ seq, at, actor, kind, tone, text, link });

async function members(db: Tx, prefix: string): Promise<string[]> {
  const rows = await db
    .select({ chain: chainHead.chain })
    .from(chainHead)
    .where(like(chainHead.chain, `${prefix}%`))
    .orderBy(asc(chainHead.chain));
  return rows.map(({ chain }) => chain);
}

/** Each incident's timeline as a chain of its own. */
export const timelineChain = {
  name: 'timeline',
  members: (db: Tx) => members(db, timelinePrefix),
  async links(db: Tx, { chain, after, limit }: { chain: string; after: number; limit: number }) {
    const id = chain.slice(timelinePrefix.length);
    const rows = await db
      .select()
      .from(incidentTimeline)
      .where(and(eq(incidentTimeline.incidentId, id), gt(incidentTimeline.seq, after)))
      .orderBy(asc(incidentTimeline.seq))
      .limit(limit);
    return rows.map((row) => ({ seq: row.seq, prevHash: row.prevHash, hash: row.hash, content: timelineContent(row) }));
  },
};

/** Each run's entries as a chain of its own. */
export const runChain = {
  name: 'run',
  members: (db: Tx) => members(db, runPrefix),
  async links(db: Tx, { chain, after, limit }: { chain: string; after: number; limit: number }) {
    const id = chain.slice(runPrefix.length);
    const rows = await db
      .select()
      .from(runEvent)
      .where(and(eq(runEvent.runId, id), gt(runEvent.seq, after)))
      .orderBy(asc(runEvent.seq))
      .limit(limit);
    return rows.map(({ seq, at, actor, event, prevHash, hash }) => ({ seq, prevHash, hash, content: { seq, at, actor, event } }));
  },
};
