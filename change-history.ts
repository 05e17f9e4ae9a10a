import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncDirectory } from '#collector/durable-file.ts';
import { editableSections } from '#console/api/editing.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';

/** The former bytes of every file the console changed, so that a change can be undone; they may hold secrets and are readable by us alone. */

const base64 = z.string().nullable();
const changeSchema = z.object({
  id: z.string(),
  at: z.number().transform((at): UnixMs => unixMs(at)),
  actor: z.string(),
  action: z.enum(['create', 'edit', 'remove', 'undo']),
  section: z.enum(editableSections),
  entry: z.string(),
  path: z.string(),
  /** The whole file, base64; null where there was none. */
  before: base64,
  after: base64,
});
export type Change = z.output<typeof changeSchema>;
export type NewChange = Omit<Change, 'id'>;

export interface ChangeHistory {
  /** Newest first. */
  list(): Promise<readonly Change[]>;
  keep(change: NewChange): Promise<Change>;
  drop(id: string): Promise<void>;
}

/** Enough to find the way back; more would only be a copy of what version control does better. */
const keptPerFile = 20;
const keptInAll = 500;

export const bytesOf = (base: string | null): Buffer | null => (base === null ? null : Buffer.from(base, 'base64'));
export const hashOf = (bytes: Uint8Array | null): string => (bytes === null ? '' : createHash('sha256').update(bytes).digest('hex'));

export function createHistory(dir: string): ChangeHistory {
  const names = async (): Promise<string[]> => (await readdir(dir).catch(() => [])).filter((name) => /^\d{8}\.json$/.test(name)).sort();
  const read = async (name: string): Promise<Change[]> => {
    // A file cut short by a full disk is no reason to show none of the others.
    const parsed = changeSchema.safeParse(
      await readFile(join(dir, name), 'utf8')
        .then(JSON.parse)
        .catch(() => null),
    );
    return parsed.success ? [parsed.data] : [];
  };
  const list = async (): Promise<Change[]> => (await Promise.all((await names()).map(read))).flat().reverse();
  return {
    list,
    async keep(change) {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const id = String(Number((await names()).at(-1)?.slice(0, 8) ?? 0) + 1).padStart(8, '0');
      const kept: Change = { id, ...change };
      await writeDurably(join(dir, `${id}.json`), { content: JSON.stringify(kept), mode: 0o600 });
      const all = await list();
      const ofFile = all.filter(({ path }) => path === change.path);
      for (const old of [...ofFile.slice(keptPerFile), ...all.slice(keptInAll)]) await rm(join(dir, `${old.id}.json`), { force: true });
      return kept;
    },
    drop: (id) => rm(join(dir, `${id}.json`), { force: true }),
  };
}

/** Puts a file in place as a whole: after a crash there is the old one or the new. */
export async function writeDurably(path: string, { content, mode }: { content: string | Uint8Array; mode: number }): Promise<void> {
  const next = `${path}.next`;
  await rm(next, { force: true });
  // Never through a link somebody laid there.
  const handle = await open(next, 'wx', mode);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path);
  await syncDirectory(join(path, '..'));
}
