import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#lib/clock.ts';
import { type DurationMs, day, durationMs } from '#lib/time.ts';

/** What a check saw and is too large for a row: pictures, traces, lists of requests. Rows hold only their ids. */

/** Ending of the file → the only type it is ever served as. */
export const artifactTypes = { jpg: 'image/jpeg', zip: 'application/zip', json: 'application/json' } as const;
export type ArtifactEnding = keyof typeof artifactTypes;

export interface ArtifactKeeper {
  /** Resolves with the id; null when the bytes are over the limit of one artifact. */
  keep(artifact: { ending: ArtifactEnding; bytes: Uint8Array }): Promise<string | null>;
  /** True once per probe, UTC day and process: a pass is pictured then, so that a failure has something to be compared with. */
  wantsPass(probeId: string): boolean;
}

export interface ArtifactShelf extends ArtifactKeeper {
  /** Undefined for an id nobody has, or whose artifact has been pruned. */
  read(id: string): Promise<{ type: string; bytes: Uint8Array } | undefined>;
}

export interface ArtifactLimits {
  maxAgeMs: DurationMs;
  maxBytes: number;
  maxArtifactBytes: number;
}

const usualLimits: ArtifactLimits = { maxAgeMs: durationMs(14 * day), maxBytes: 300_000_000, maxArtifactBytes: 10_000_000 };
const idForm = /^[a-f0-9]{32}\.(jpg|zip|json)$/;

/** Artifacts as files of one folder, oldest thrown away first when they are too old or too many. */
export function createArtifacts({ dir, clock, limits = usualLimits }: { dir: string; clock: Clock; limits?: ArtifactLimits }): ArtifactShelf {
  const pictured = new Map<string, number>();
  let last: Promise<unknown> = Promise.resolve();

  async function put(ending: ArtifactEnding, bytes: Uint8Array): Promise<string> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const id = `${createHash('sha256').update(randomUUID()).digest('hex').slice(0, 32)}.${ending}`;
    // Under its own name only when whole.
    await writeFile(join(dir, `.${id}`), bytes, { mode: 0o600 });
    await rename(join(dir, `.${id}`), join(dir, id));
    await prune({ dir, clock, limits });
    return id;
  }

  return {
    async keep({ ending, bytes }) {
      if (bytes.length > limits.maxArtifactBytes) return null;
      const turn = last.then(() => put(ending, bytes));
      last = turn.catch(() => undefined);
      return turn;
    },
    wantsPass(probeId) {
      const today = Math.floor(clock.now() / day);
      if (pictured.get(probeId) === today) return false;
      pictured.set(probeId, today);
      return true;
    },
    async read(id) {
      const ending = idForm.exec(id)?.[1] as ArtifactEnding | undefined;
      if (ending === undefined) return undefined;
      try {
        return { type: artifactTypes[ending], bytes: await readFile(join(dir, id)) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}

async function prune({ dir, clock, limits }: { dir: string; clock: Clock; limits: ArtifactLimits }): Promise<void> {
  const found = await Promise.all((await readdir(dir)).map(async (name) => ({ name, ...(await sizeAndAge(join(dir, name))) })));
  let total = 0;
  for (const { name, bytes, changedAt } of found.sort((a, b) => b.changedAt - a.changedAt)) {
    total += bytes;
    if (total > limits.maxBytes || changedAt < clock.now() - limits.maxAgeMs) await rm(join(dir, name), { force: true });
  }
}

async function sizeAndAge(path: string): Promise<{ bytes: number; changedAt: number }> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, changedAt: mtimeMs };
  } catch {
    return { bytes: 0, changedAt: 0 };
  }
}
