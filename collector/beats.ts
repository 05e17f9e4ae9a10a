import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '#lib/clock.ts';
import { type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import { type Beat, type BeatExpectation, type BeatSeen, beatStatuses } from './beat.ts';
import { readIfThere, replaceFile } from './durable-file.ts';

/** The last beat of every push probe, kept over a restart. */
export interface BeatRegister {
  /** Counts for every probe with this token, and says which; nobody's token counts for none. Resolves once it is on disk. */
  take(token: string, beat: Beat): Promise<readonly string[]>;
  seen(probeId: string): BeatSeen | undefined;
  /** Takes over a new configuration; what is still expected keeps its beats. */
  replace(probes: readonly Expecting[]): void;
  /** Resolves when what was taken is on disk. */
  stop(): Promise<void>;
}

/** A probe, as far as it expects beats. */
export interface Expecting {
  id: string;
  beat?: BeatExpectation;
}

interface Entry {
  digest: Buffer;
  silenceMs: DurationMs;
  last: Beat | null;
  since: UnixMs;
}

const beatShape = z.object({
  at: z.number().transform((at) => at as UnixMs),
  status: z.enum(beatStatuses),
  message: z.string(),
  tookMs: z
    .number()
    .transform((ms) => ms as DurationMs)
    .nullable(),
});

interface BeatsOptions {
  path: string;
  probes: readonly Expecting[];
  clock: Clock;
  /** A beat says something else than what was known: worth a look at once. */
  onTurn?(probeId: string): void;
  onError(error: unknown): void;
}

export async function openBeats({ path, probes, clock, onTurn, onError }: BeatsOptions): Promise<BeatRegister> {
  const kept = await readBeats(path, onError);
  let entries = listen(probes, { clock, before: new Map(), kept });
  const keep = writer(path, () => Object.fromEntries([...entries].flatMap(([id, { last }]) => (last === null ? [] : [[id, last]]))));
  return {
    async take(token, beat) {
      const digest = digestOf(token);
      // Every token is compared, so that the time taken tells nothing of which one was close.
      const meant = [...entries].filter(([, entry]) => timingSafeEqual(entry.digest, digest));
      if (meant.length === 0) return [];
      const turned = meant.filter(([, entry]) => isTurn(entry, beat));
      for (const [, entry] of meant) entry.last = beat;
      await keep();
      for (const [id] of turned) onTurn?.(id);
      return meant.map(([id]) => id);
    },
    seen: (probeId) => entries.get(probeId),
    replace(fresh) {
      entries = listen(fresh, { clock, before: entries, kept: new Map() });
    },
    stop: () => keep.settled(),
  };
}

const isTurn = ({ last, silenceMs }: Entry, beat: Beat): boolean => last === null || last.status !== beat.status || beat.at - last.at > silenceMs;

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** One entry for each probe that expects beats; a probe with a new token begins anew. */
function listen(probes: readonly Expecting[], { clock, before, kept }: { clock: Clock; before: ReadonlyMap<string, Entry>; kept: ReadonlyMap<string, Beat> }): Map<string, Entry> {
  const since = clock.now();
  return new Map(
    probes.flatMap(({ id, beat }) => {
      if (!beat) return [];
      const digest = digestOf(beat.token.reveal());
      const silenceMs = durationMs(beat.everyMs + beat.graceMs);
      const known = before.get(id);
      return [[id, known?.digest.equals(digest) ? { ...known, silenceMs } : { digest, silenceMs, last: kept.get(id) ?? null, since }]];
    }),
  );
}

/** A file that cannot be read is said and begun anew: its probes are unknown until their time has passed once. */
async function readBeats(path: string, onError: (error: unknown) => void): Promise<ReadonlyMap<string, Beat>> {
  try {
    const bytes = await readIfThere(path);
    return new Map(bytes ? Object.entries(z.record(z.string(), beatShape).parse(JSON.parse(bytes.toString()))) : []);
  } catch (error) {
    onError(new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`));
    return new Map();
  }
}

interface Writer {
  (): Promise<void>;
  settled(): Promise<void>;
}

/** Writes one after the other; beats that come during a write share the next one. */
function writer(path: string, content: () => unknown): Writer {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  const write = (): Promise<void> => {
    next ??= running
      .catch(() => {})
      .then(() => {
        next = null;
        running = replaceFile(path, JSON.stringify(content()));
        return running;
      });
    return next;
  };
  return Object.assign(write, { settled: () => (next ?? running).catch(() => {}) });
}
