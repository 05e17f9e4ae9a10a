/**
 * Templates of similar messages, found by a parse tree of fixed depth (Drain): messages of as many words whose first word agrees
 * meet in one leaf, and join a template there when enough of their words are the same. What differs becomes `<*>`.
 */

/** What differs from line to line and says nothing of its kind, taken out before messages are compared; RE2 and JavaScript read these alike. */
export const masks: readonly (readonly [pattern: string, as: string])[] = [
  ['[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}', '<id>'],
  ['\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}:\\d{2}(?:[.,]\\d+)?(?:Z|[+-]\\d{2}:?\\d{2})?', '<time>'],
  ['\\d{1,2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2} [+-]\\d{4}', '<time>'],
  ['\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?::\\d{1,5})?', '<ip>'],
  ['(?:[0-9a-fA-F]{1,4}:){3,7}:?[0-9a-fA-F]{1,4}', '<ip>'],
  ['[0-9A-Za-z]*\\*{3,}[0-9A-Za-z]*', '<id>'],
  ['0x[0-9a-fA-F]+|\\b[0-9a-fA-F]*\\d[0-9a-fA-F]{15,}\\b', '<id>'],
  ['\\d+(?:[.,]\\d+)*', '<n>'],
];

/** Messages that are the same once masked. */
export interface Shape {
  text: string;
  /** Already the name of a kind, such as a request's route and status: never joined with another. */
  fixed: boolean;
  count: number;
  before: number;
  level: string;
  services: readonly string[];
  firstAt: number;
  /** By step of the range. */
  counts: readonly number[];
  example: string;
}

export interface Pattern extends Omit<Shape, 'text' | 'fixed'> {
  template: string;
  mark: 'new' | 'surging' | null;
}

/** The moment in question inside the range, as the share of it that lies before. */
export interface Moment {
  shareBefore: number;
  /** Every line was looked at, so a kind not seen before truly is new. */
  exhaustive: boolean;
}

const mostWords = 60;
const mostTemplates = 2_000;
const mostChildren = 100;
const likeness = 0.6;
const hole = '<*>';

interface Template {
  words: string[];
  pattern: Omit<Pattern, 'template' | 'mark'>;
}

/** The patterns of these messages, most frequent first; memory is bounded by the number of templates, behind which all else is one. */
export function minePatterns(shapes: readonly Shape[], moment: Moment): Pattern[] {
  const tree = createTree();
  const named: Pattern[] = [];
  for (const { text, fixed, ...figures } of shapes) {
    if (fixed) named.push({ ...figures, template: text, mark: null });
    else tree.add(text, figures);
  }
  const mined = tree.templates().map(({ words, pattern }): Pattern => ({ ...pattern, template: words.join(''), mark: null }));
  return [...named, ...mined].map((pattern) => ({ ...pattern, mark: markOf(pattern, moment) })).sort((a, b) => b.count - a.count || (a.template < b.template ? -1 : 1));
}

function createTree() {
  const leaves = new Map<string, Template[]>();
  const children = new Map<string, Set<string>>();
  let size = 0;
  /** A word with a hole, or one too many beside its like, shares a branch with all others. */
  const branch = (path: string, word: string): string => {
    const known = children.get(path) ?? new Set<string>();
    children.set(path, known);
    const taken = word.includes('<') || (!known.has(word) && known.size >= mostChildren) ? hole : word;
    known.add(taken);
    return `${path}\0${taken}`;
  };
  return {
    add(text: string, figures: Template['pattern']): void {
      const words = wordsOf(text);
      const path = branch(String(words.length), words[0] || (words[2] ?? ''));
      const leaf = leaves.get(path) ?? [];
      const best = closest(leaf, words);
      if (best || size >= mostTemplates) {
        join(best ?? rest(leaves), best ? words : [hole], figures);
        return;
      }
      size++;
      leaf.push({ words, pattern: { ...figures } });
      leaves.set(path, leaf);
    },
    templates: (): Template[] => [...leaves.values()].flat(),
  };
}

function rest(leaves: Map<string, Template[]>): Template {
  const known = leaves.get('') ?? [{ words: [hole], pattern: { count: 0, before: 0, level: 'info', services: [], firstAt: Number.POSITIVE_INFINITY, counts: [], example: '' } }];
  leaves.set('', known);
  return known[0] as Template;
}

/** Words and what stands between them in turn, beginning with a word; a text in Chinese is cut at its punctuation. */
function wordsOf(text: string): string[] {
  const parts = text.split(/([\s,;:=()[\]{}"'|，。；：、（）【】“”]+)/);
  return parts.length <= 2 * mostWords ? parts : [...parts.slice(0, 2 * mostWords), '…'];
}

function closest(leaf: readonly Template[], words: readonly string[]): Template | undefined {
  let best: Template | undefined;
  let bestShare = likeness;
  for (const template of leaf) {
    let same = 0;
    let all = 0;
    for (let index = 0; index < words.length; index += 2) {
      if (words[index] === '' && template.words[index] === '') continue;
      all++;
      if (words[index] === template.words[index]) same++;
    }
    const share = all === 0 ? 1 : same / all;
    if (share > bestShare || (share === bestShare && !best)) {
      best = template;
      bestShare = share;
    }
  }
  return best;
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function join(template: Template, words: readonly string[], figures: Template['pattern']): void {
  const { pattern } = template;
  for (const [index, word] of words.entries()) if (template.words[index] !== word) template.words[index] = index % 2 === 0 ? hole : (template.words[index] ?? word);
  pattern.count += figures.count;
  pattern.before += figures.before;
  if (levels.indexOf(figures.level) > levels.indexOf(pattern.level)) pattern.level = figures.level;
  pattern.services = [...new Set([...pattern.services, ...figures.services])].slice(0, 5);
  pattern.firstAt = Math.min(pattern.firstAt, figures.firstAt);
  pattern.counts = figures.counts.map((count, step) => count + (pattern.counts[step] ?? 0));
  if (pattern.example === '') pattern.example = figures.example;
}

const fewest = 5;
const fewestSurging = 10;
const surgingTimes = 3;

/** New: not once before the moment. Surging: at least three times as often as before it. A sample misses rare ones, so it must see more. */
function markOf({ count, before }: Pick<Pattern, 'count' | 'before'>, { shareBefore, exhaustive }: Moment): Pattern['mark'] {
  const after = count - before;
  if (shareBefore <= 0 || shareBefore >= 1) return null;
  if (before === 0) return after >= (exhaustive ? 1 : fewest) ? 'new' : null;
  const rateBefore = before / shareBefore;
  const rateAfter = after / (1 - shareBefore);
  return after >= fewestSurging && rateAfter >= surgingTimes * rateBefore ? 'surging' : null;
}

/** The words of a template a search finds its lines again by: its longest pieces without a hole. */
export function searchFor(template: string): string {
  const pieces = template
    .split(/<[*a-z]+>/)
    .map((piece) => piece.replaceAll('"', ' ').trim())
    .filter((piece) => piece.length >= 3)
    .sort((a, b) => b.length - a.length)
    .slice(0, 3);
  return pieces.map((piece) => `"${piece}"`).join(' ');
}
