import { appendFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, replaceFile } from './durable-file.ts';

/**
 * Which records go to the store together, as one batch with one token. Durable before the batch is sent: after a crash the
 * same records must go under the same token again, or the store could not tell that it has them.
 */
export interface SpoolGroups {
  /** The token of the group a record belongs to. */
  of(seq: number): string | undefined;
  /** Resolves when the group is on disk. */
  note(token: string, seqs: readonly number[]): Promise<void>;
  /** Forgets groups none of whose records is alive. */
  prune(isAlive: (seq: number) => boolean): Promise<void>;
}

export async function openGroups(dir: string): Promise<SpoolGroups> {
  const path = join(dir, 'groups');
  const groups = new Map<string, readonly number[]>();
  const tokens = new Map<number, string>();
  const remember = (token: string, seqs: readonly number[]): void => {
    groups.set(token, seqs);
    for (const seq of seqs) tokens.set(seq, token);
  };
  const text = (await readIfThere(path))?.toString() ?? '';
  // A last line without its end was cut off by a crash: its batch was never sent.
  for (const line of text.split('\n').slice(0, -1)) {
    const [token = '', ...seqs] = line.split(' ');
    remember(token, seqs.map(Number));
  }
  if (!text.endsWith('\n') && text !== '') await replaceFile(path, lines(groups));
  // A note must not land in the file a prune is about to replace.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const mine = last.then(task);
    last = mine.catch(() => {});
    return mine;
  };
  // What a failed write left at the end of the file would spoil the next line.
  let torn = false;
  return {
    of: (seq) => tokens.get(seq),
    note: (token, seqs) =>
      inTurn(async () => {
        if (torn) await replaceFile(path, lines(groups));
        torn = true;
        await appendDurably(path, `${token} ${seqs.join(' ')}\n`);
        torn = false;
        remember(token, seqs);
      }),
    prune: (isAlive) =>
      inTurn(async () => {
        const dead = [...groups].filter(([, seqs]) => !seqs.some(isAlive));
        if (dead.length === 0) return;
        for (const [token, seqs] of dead) {
          groups.delete(token);
          for (const seq of seqs) tokens.delete(seq);
        }
        await replaceFile(path, lines(groups));
      }),
  };
}

const lines = (groups: ReadonlyMap<string, readonly number[]>): string => [...groups].map(([token, seqs]) => `${token} ${seqs.join(' ')}\n`).join('');

async function appendDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'a');
  try {
    await appendFile(handle, text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
