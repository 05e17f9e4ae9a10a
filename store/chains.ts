import { eq } from 'drizzle-orm';
import { chainHash, firstBrokenLink, genesisHash, type Link } from '#lib/chain.ts';
import { auditChain } from './audit-chain.ts';
import { runChain, timelineChain } from './incident-chains.ts';
import { noticeChain } from './notice-chain.ts';
import { chainHead } from './schema/people.ts';
import type { State, Tx } from './state.ts';

/** A family of hash chains kept in this store: the audit trail is one chain, every incident's timeline one of its family. */
export interface Chain {
  name: string;
  /** The chains' names as given to `appendLink`. */
  members(db: Tx): Promise<readonly string[]>;
  /** At most `limit` links of one chain after place `after`, in order. */
  links(db: Tx, question: { chain: string; after: number; limit: number }): Promise<readonly Link[]>;
}

/** What `fenghuo verify` checks; whoever keeps a chain adds it here. */
export const chains: readonly Chain[] = [auditChain, timelineChain, runChain, noticeChain];

export interface ChainReport {
  name: string;
  rows: number;
  /** The first record that was changed, removed or put in: its place, with the chain's name where a family has several. */
  firstBroken: number | string | null;
}

/** Locks the chain until the transaction ends and gives the next link; the caller stores it with its record. Call it late: others wait. */
export async function appendLink(tx: Tx, chain: string, contentOf: (seq: number) => unknown): Promise<{ seq: number; prevHash: string; hash: string }> {
  await tx.insert(chainHead).values({ chain, seq: 0, hash: genesisHash }).onConflictDoNothing();
  const [head] = await tx.select().from(chainHead).where(eq(chainHead.chain, chain)).for('update');
  if (!head) throw new Error(`the chain ${chain} has no head`);
  const seq = head.seq + 1;
  const hash = chainHash(head.hash, contentOf(seq));
  await tx.update(chainHead).set({ seq, hash }).where(eq(chainHead.chain, chain));
  return { seq, prevHash: head.hash, hash };
}

/** Recomputes every chain from its first record. */
export async function verifyChains(state: State, families: readonly Chain[] = chains): Promise<{ ok: boolean; chains: ChainReport[] }> {
  const reports: ChainReport[] = [];
  for (const family of families) reports.push(await state.read((db) => verifyFamily(db, family)));
  return { ok: reports.every((report) => report.firstBroken === null), chains: reports };
}

async function verifyFamily(db: Tx, family: Chain): Promise<ChainReport> {
  const members = await family.members(db);
  let rows = 0;
  let firstBroken: ChainReport['firstBroken'] = null;
  for (const chain of members) {
    const found = await verifyChain(db, family, chain);
    rows += found.rows;
    if (found.firstBroken !== null) firstBroken ??= chain === family.name ? found.firstBroken : `${chain}#${found.firstBroken}`;
  }
  return { name: family.name, rows, firstBroken };
}

async function verifyChain(db: Tx, family: Chain, chain: string): Promise<{ rows: number; firstBroken: number | null }> {
  // Read before the links: whatever is appended meanwhile only makes the chain longer than its head said.
  const head = await headOf(db, chain);
  const last = { seq: 0, hash: genesisHash };
  let firstBroken: number | null = null;
  let rows = 0;
  let headSeen = head?.seq === 0;
  for (;;) {
    const links = await family.links(db, { chain, after: last.seq, limit: 1_000 });
    firstBroken ??= firstBrokenLink(links, last);
    rows += links.length;
    const end = links.at(-1);
    if (!end) break;
    headSeen ||= links.some((link) => link.seq === head?.seq && link.hash === head.hash);
    last.seq = end.seq;
    last.hash = end.hash;
  }
  if (firstBroken !== null || headSeen) return { rows, firstBroken };
  if (head) return { rows, firstBroken: head.seq > last.seq ? last.seq + 1 : last.seq };
  // Nothing was ever written, or the very first link just now; links without any head were put there by hand.
  return { rows, firstBroken: rows === 0 || (await headOf(db, chain)) ? null : last.seq };
}

async function headOf(db: Tx, chain: string): Promise<{ seq: number; hash: string } | undefined> {
  const [head] = await db.select().from(chainHead).where(eq(chainHead.chain, chain));
  return head;
}
