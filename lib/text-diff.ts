/** One line of a comparison of two texts; `gap` stands for lines that are the same and not shown. */
export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'gap';
  /** Its number in the former and in the new text, from 1; null where it does not stand. */
  before: number | null;
  after: number | null;
  text: string;
}

/** Beyond this many pairs of lines the middle is shown as replaced whole: still true, only less fine. */
const mostPairs = 4_000_000;

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/));

/** What must be taken out and put in to make one text of the other, with `context` lines around; empty when no line differs. */
export function diffLines(before: string, after: string, context = 3): DiffLine[] {
  const old = linesOf(before);
  const fresh = linesOf(after);
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++;
  const lines: DiffLine[] = [];
  const same = (at: number, shift: number): number => lines.push({ kind: 'same', before: at + 1, after: at + 1 + shift, text: old[at] ?? '' });
  for (let at = 0; at < head; at++) same(at, 0);
  lines.push(...middle(old.slice(head, old.length - tail), fresh.slice(head, fresh.length - tail), head));
  for (let at = old.length - tail; at < old.length; at++) same(at, fresh.length - old.length);
  return near(lines, context);
}

function middle(old: readonly string[], fresh: readonly string[], offset: number): DiffLine[] {
  const kept = old.length * fresh.length > mostPairs ? [] : longestCommon(old, fresh);
  const lines: DiffLine[] = [];
  let from = 0;
  let to = 0;
  const upTo = (oldEnd: number, freshEnd: number): void => {
    for (; from < oldEnd; from++) lines.push({ kind: 'removed', before: offset + from + 1, after: null, text: old[from] ?? '' });
    for (; to < freshEnd; to++) lines.push({ kind: 'added', before: null, after: offset + to + 1, text: fresh[to] ?? '' });
  };
  for (const { at, now } of kept) {
    upTo(at, now);
    lines.push({ kind: 'same', before: offset + from + 1, after: offset + to + 1, text: old[from] ?? '' });
    from++;
    to++;
  }
  upTo(old.length, fresh.length);
  return lines;
}

/** The pairs of lines that stay, in order. */
function longestCommon(old: readonly string[], fresh: readonly string[]): { at: number; now: number }[] {
  const width = fresh.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let at = old.length - 1; at >= 0; at--)
    for (let now = fresh.length - 1; now >= 0; now--) {
      const below = lengths[(at + 1) * width + now] ?? 0;
      const right = lengths[at * width + now + 1] ?? 0;
      lengths[at * width + now] = old[at] === fresh[now] ? (lengths[(at + 1) * width + now + 1] ?? 0) + 1 : Math.max(below, right);
    }
  const pairs: { at: number; now: number }[] = [];
  for (let at = 0, now = 0; at < old.length && now < fresh.length; ) {
    if (old[at] === fresh[now]) pairs.push({ at: at++, now: now++ });
    else if ((lengths[(at + 1) * width + now] ?? 0) >= (lengths[at * width + now + 1] ?? 0)) at++;
    else now++;
  }
  return pairs;
}

/** Only changed lines and what stands close to one. */
function near(lines: readonly DiffLine[], context: number): DiffLine[] {
  const changed = lines.flatMap(({ kind }, index) => (kind === 'same' ? [] : [index]));
  const shown = new Set(changed.flatMap((index) => Array.from({ length: context * 2 + 1 }, (_, step) => index - context + step)));
  const result: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (shown.has(index)) result.push(line);
    else if (result.length > 0 && result.at(-1)?.kind !== 'gap') result.push({ kind: 'gap', before: null, after: null, text: '' });
  }
  if (result.at(-1)?.kind === 'gap') result.pop();
  return result;
}
