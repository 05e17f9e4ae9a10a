import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint, FilePosition } from './batch.ts';
import { readIfThere, replaceFile } from './durable-file.ts';

/** What outlives the segments: how far each file was read, and which records of living segments are stored already. */
export interface SpoolState {
  nextSeq: number;
  /** The positions hold every checkpoint up to this record; later ones are taken from the segments. */
  throughSeq: number;
  positions: Record<string, Record<string, FilePosition>>;
  cursors: Record<string, string>;
}

const emptyState = (): SpoolState => ({ nextSeq: 1, throughSeq: 0, positions: {}, cursors: {} });

export function applyCheckpoint({ positions, cursors }: Pick<SpoolState, 'positions' | 'cursors'>, { source, files, cursor }: Checkpoint): void {
  if (cursor !== undefined) cursors[source] = cursor;
  positions[source] ??= {};
  const own = positions[source];
  for (const [key, position] of Object.entries(files)) {
    if (position === null) delete own[key];
    else own[key] = position;
  }
}

export async function readState(dir: string): Promise<{ state: SpoolState; acked: Set<number> }> {
  const stateBytes = await readIfThere(join(dir, 'state.json'));
  const ackBytes = await readIfThere(join(dir, 'acked'));
  const state = { ...emptyState(), ...(stateBytes ? (JSON.parse(stateBytes.toString()) as SpoolState) : {}) };
  const acked = new Set(
    (ackBytes?.toString() ?? '')
      .split('\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number),
  );
  return { state, acked };
}

export const writeState = (dir: string, state: SpoolState): Promise<void> => replaceFile(join(dir, 'state.json'), JSON.stringify(state));

/** Not synced: losing it means sending a batch again under the same token, which stores nothing twice. */
export const noteAcked = (dir: string, seqs: readonly number[]): Promise<void> => appendFile(join(dir, 'acked'), seqs.map((seq) => `${seq}\n`).join(''));

export const writeAcked = (dir: string, acked: Iterable<number>): Promise<void> => replaceFile(join(dir, 'acked'), [...acked].map((seq) => `${seq}\n`).join(''));
