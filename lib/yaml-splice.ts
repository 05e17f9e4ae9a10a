import { isDeepStrictEqual } from 'node:util';
import { Document, isCollection, isMap, isNode, isScalar, isSeq, type Node, type Pair, Scalar, stringify, type YAMLMap, type YAMLSeq } from 'yaml';

/** A piece of a text to be put in place of another. */
export interface Splice {
  from: number;
  to: number;
  text: string;
}

/** The text being changed. */
export interface Page {
  text: string;
  splices: Splice[];
}

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);
const written = { lineWidth: 0, aliasDuplicateObjects: false } as const;

/** The text with the pieces put in; pieces at one place keep their order. */
export function spliced({ text, splices }: Page): string {
  let result = '';
  let at = 0;
  for (const splice of splices.map((piece, order) => ({ ...piece, order })).sort((a, b) => a.from - b.from || a.order - b.order)) {
    result += text.slice(at, splice.from) + splice.text;
    at = Math.max(at, splice.to);
  }
  return result + text.slice(at);
}

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;
/** Where the line after the one that ends at or holds `at` begins. */
function nextLine(text: string, at: number): number {
  if (at > 0 && text[at - 1] === '\n') return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}
const rangeOf = (node: unknown): readonly [number, number, number] | null => (isNode(node) && node.range ? node.range : null);

/** Where what a node says ends, without the comment and blank lines after it. */
function contentEnd(node: unknown): number | null {
  const range = rangeOf(node);
  if (!range || !isCollection(node) || node.flow || node.items.length === 0) return range?.[1] ?? null;
  const last = node.items.at(-1);
  return contentEnd(isMap(node) ? ((last as Pair).value ?? (last as Pair).key) : last) ?? range[1];
}

/** Block text of a value under a key, or as an item, at this column; ends with a line feed. */
function blockText(value: Plain | readonly unknown[], column: number): string {
  const lines = stringify(value, written).replace(/\n$/, '').split('\n');
  return lines.map((line) => (line === '' ? '\n' : `${' '.repeat(column)}${line}\n`)).join('');
}

/** One-line text that may stand inside brackets. */
export function flowText(value: unknown, quote?: Scalar.Type): string {
  if (Array.isArray(value)) return `[${value.map((each) => flowText(each)).join(', ')}]`;
  if (isPlain(value))
    return Object.keys(value).length === 0
      ? '{}'
      : `{ ${Object.entries(value)
          .map(([key, each]) => `${flowText(key)}: ${flowText(each)}`)
          .join(', ')} }`;
  const scalar = new Scalar(value);
  if (quote && typeof value === 'string') scalar.type = quote;
  const list = new Document([scalar], { version: '1.2' });
  if (isSeq(list.contents)) list.contents.flow = true;
  const text = list.toString({ ...written, flowCollectionPadding: false }).trim();
  return /[\n]/.test(text) ? JSON.stringify(value) : text.slice(1, -1);
}

const plainLine = (value: unknown): boolean => !(typeof value === 'object' && value !== null) && !(typeof value === 'string' && value.includes('\n'));

/** Puts the pieces that make the node say `after` instead of `before`; false when the text is not to be changed by pieces. */
export function changeNode(page: Page, node: unknown, { before, after }: { before: unknown; after: unknown }): boolean {
  if (isDeepStrictEqual(before, after)) return true;
  const range = rangeOf(node);
  if (!range || (node as Node & { anchor?: string }).anchor !== undefined) return false;
  if (isMap(node) && isPlain(before) && isPlain(after)) return node.flow ? changeFlowMap(page, node, { before, after }) : changeBlockMap(page, node, { before, after });
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after) && after.length > 0) {
    if (!node.flow) return changeBlockSeq(page, node, { before, after });
    if (before.length === after.length) return before.every((value, index) => changeNode(page, node.items[index], { before: value, after: after[index] }));
  }
  if (isScalar(node) && plainLine(after) && !/^BLOCK/.test(node.type ?? '')) {
    const blank = range[0] === range[1] && /\S/.test(page.text[range[0] - 1] ?? ' ');
    const quote = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? node.type : undefined;
    return put(page, { from: range[0], to: range[1], text: `${blank ? ' ' : ''}${flowText(after, quote)}` });
  }
  return false;
}

function put(page: Page, splice: Splice): true {
  page.splices.push(splice);
  return true;
}

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : String(pair.key));
/** A value that came by an alias or a merge is written elsewhere. */
const pairsOf = (map: YAMLMap): Map<string, Pair> => new Map((map.items as Pair[]).map((pair) => [keyOf(pair), pair]));

function changeBlockMap(page: Page, map: YAMLMap, { before, after }: { before: Plain; after: Plain }): boolean {
  const pairs = pairsOf(map);
  const first = rangeOf((map.items[0] as Pair | undefined)?.key);
  if (!first) return false;
  const column = first[0] - lineStart(page.text, first[0]);
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (key in before && key in after && isDeepStrictEqual(before[key], after[key])) continue;
    const pair = pairs.get(key);
    if (key in before ? !pair || !changePair(page, pair, { before: before[key], after: key in after ? { value: after[key] } : null, column }) : pair !== undefined) return false;
  }
  const added = Object.entries(after).filter(([key]) => !(key in before));
  if (added.length === 0) return true;
  const end = contentEnd(map);
  return end !== null && insertLines(page, end, blockText(Object.fromEntries(added), column));
}

/** Whole lines put behind the line in which `end` lies. */
function insertLines(page: Page, end: number, lines: string): true {
  const at = nextLine(page.text, end);
  const openEnd = at === page.text.length && at > 0 && page.text[at - 1] !== '\n';
  return put(page, { from: at, to: at, text: openEnd ? `\n${lines.replace(/\n$/, '')}` : lines });
}

function changePair(page: Page, pair: Pair, { before, after, column }: { before: unknown; after: { value: unknown } | null; column: number }): boolean {
  const key = rangeOf(pair.key);
  const end = contentEnd(pair.value) ?? key?.[1];
  if (!key || end === undefined) return false;
  const { text } = page;
  if (after === null) {
    const start = lineStart(text, key[0]);
    // The first key of an item stands behind its dash.
    return text.slice(start, key[0]).trim() === '' && put(page, { from: start, to: nextLine(text, end), text: '' });
  }
  const mark = page.splices.length;
  if (changeNode(page, pair.value, { before, after: after.value })) return true;
  page.splices.length = mark;
  if (isNode(pair.value) && ((pair.value as { anchor?: string }).anchor !== undefined || !rangeOf(pair.value))) return false;
  const lines = isCollection(pair.value) && !pair.value.flow ? nextLine(text, end) : end;
  const fresh = blockText({ [keyOf(pair)]: after.value }, column).slice(column);
  return put(page, { from: key[0], to: lines, text: text[lines - 1] === '\n' ? fresh : fresh.replace(/\n$/, '') });
}

function changeFlowMap(page: Page, map: YAMLMap, { before, after }: { before: Plain; after: Plain }): boolean {
  const range = rangeOf(map);
  if (!range) return false;
  const pairs = pairsOf(map);
  const gone = Object.keys(before).some((key) => !(key in after));
  const mark = page.splices.length;
  const changed =
    !gone &&
    map.items.length > 0 &&
    Object.keys(before).every((key) => isDeepStrictEqual(before[key], after[key]) || (pairs.has(key) && changeInFlow(page, pairs.get(key)?.value, { before: before[key], after: after[key] })));
  if (!changed) {
    // Rewritten on one line; a comment within would be lost.
    page.splices.length = mark;
    return !/(^|\s)#/.test(page.text.slice(range[0], range[1])) && put(page, { from: range[0], to: range[1], text: flowText(ordered(before, after)) });
  }
  const added = Object.entries(after).filter(([key]) => !(key in before));
  if (added.length === 0) return true;
  const last = map.items.at(-1) as Pair;
  const end = contentEnd(last.value ?? last.key);
  return end !== null && put(page, { from: end, to: end, text: added.map(([key, value]) => `, ${flowText(key)}: ${flowText(value)}`).join('') });
}

/** Kept keys stay where they were. */
const ordered = (before: Plain, after: Plain): Plain => ({ ...Object.fromEntries(Object.keys(before).flatMap((key) => (key in after ? [[key, after[key]]] : []))), ...after });

function changeInFlow(page: Page, node: unknown, change: { before: unknown; after: unknown }): boolean {
  const mark = page.splices.length;
  if (!(plainLine(change.after) || isCollection(node)) || !changeNode(page, node, change)) {
    page.splices.length = mark;
    const range = rangeOf(node);
    if (!range || (node as { anchor?: string }).anchor !== undefined || /(^|\s)#/.test(page.text.slice(range[0], range[1]))) return false;
    return put(page, { from: range[0], to: range[1], text: flowText(change.after) });
  }
  return true;
}

function changeBlockSeq(page: Page, seq: YAMLSeq, { before, after }: { before: readonly unknown[]; after: readonly unknown[] }): boolean {
  let head = 0;
  while (head < before.length && head < after.length && isDeepStrictEqual(before[head], after[head])) head++;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && isDeepStrictEqual(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  const pairs = Math.min(before.length, after.length) - head - tail;
  for (let index = head; index < head + pairs; index++) {
    const mark = page.splices.length;
    if (changeNode(page, seq.items[index], { before: before[index], after: after[index] })) continue;
    page.splices.length = mark;
    if (!replaceItem(page, seq.items[index], after[index])) return false;
  }
  for (let index = head + pairs; index < before.length - tail; index++) if (!removeItem(page, seq.items[index])) return false;
  const added = after.slice(head + pairs, after.length - tail);
  return added.length === 0 || insertItems(page, seq, { at: head + pairs, added });
}

/** Where the line of an item's dash begins, and the dash's column; null when something else stands before it. */
function dashOf({ text }: Page, item: unknown): { start: number; column: number } | null {
  const range = rangeOf(item);
  if (!range) return null;
  const dash = text.lastIndexOf('-', range[0] - 1);
  const start = lineStart(text, dash);
  return dash >= 0 && text.slice(dash + 1, range[0]).trim() === '' && text.slice(start, dash).trim() === '' ? { start, column: dash - start } : null;
}

export function removeItem(page: Page, item: unknown): boolean {
  const dash = dashOf(page, item);
  const end = contentEnd(item);
  return dash !== null && end !== null && put(page, { from: dash.start, to: nextLine(page.text, end), text: '' });
}

function replaceItem(page: Page, item: unknown, value: unknown): boolean {
  const dash = dashOf(page, item);
  const end = contentEnd(item);
  if (!dash || end === null || (item as { anchor?: string }).anchor !== undefined) return false;
  return put(page, { from: dash.start, to: nextLine(page.text, end), text: blockText([value], dash.column) });
}

export function insertItems(page: Page, seq: YAMLSeq, { at, added }: { at: number; added: readonly unknown[] }): boolean {
  const neighbour = seq.items[at - 1] ?? seq.items[0];
  const dash = dashOf(page, neighbour);
  if (!dash) return false;
  const lines = blockText(added, dash.column);
  if (at === 0) return put(page, { from: dash.start, to: dash.start, text: lines });
  const end = contentEnd(neighbour);
  return end !== null && insertLines(page, end, lines);
}
