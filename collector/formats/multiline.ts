import { longestLine } from '#collector/lines.ts';
import { readPiece, wrap } from './container.ts';
import { type Continues, continuationReader } from './continuation.ts';
import type { Format } from './format.ts';
import { lineBreak } from './line-break.ts';

/** Puts lines together that are one event. Blank lines neither begin nor end one. */
export interface Joiner {
  /** How many of these lines are sure to be whole events; the ones behind them may still go on. */
  whole(lines: readonly string[]): number;
  /** The events these lines make, each no longer than a line may be. */
  join(lines: readonly string[]): JoinedLines[];
}

export interface JoinedLines {
  /** Its lines with `lineBreak` between them. */
  text: string;
  /** The index of its first line. */
  first: number;
  /** How many lines it was made of. */
  lines: number;
}

/** Undefined for a format whose every line is an event. */
export function joinerOf({ multiline, container }: Pick<Format, 'multiline' | 'container'>): Joiner | undefined {
  if (!multiline && !container) return undefined;
  const read = (line: string): Part => {
    const piece = container && readPiece(line, container);
    return piece ? { ...piece, line: wrap(piece) } : { stream: '', text: line, partial: false, line };
  };
  const reader = (): Continues => (multiline ? continuationReader(multiline) : () => false);
  return { whole: (lines) => wholeLines(lines, { read, reader, atOnce: !multiline }), join: (lines) => joinLines(lines, { read, reader }) };
}

interface Part {
  stream: string;
  text: string;
  partial: boolean;
  /** As it stands when it begins an event. */
  line: string;
}

interface Rules {
  read(line: string): Part;
  reader(): Continues;
}

const isBlank = (line: string): boolean => line.trim() === '';

function wholeLines(lines: readonly string[], { read, reader, atOnce }: Rules & { atOnce: boolean }): number {
  const readers = new Map<string, Continues>();
  const partial = new Set<string>();
  let whole = 0;
  for (const [index, line] of lines.entries()) {
    if (isBlank(line)) continue;
    const part = read(line);
    const goesOn = partial.has(part.stream) || continuesIn(readers, part, reader);
    if (!goesOn && partial.size === 0) whole = index;
    if (part.partial) partial.add(part.stream);
    else partial.delete(part.stream);
    if (atOnce && partial.size === 0) whole = index + 1;
  }
  return whole;
}

function continuesIn(readers: Map<string, Continues>, { stream, text }: Part, reader: () => Continues): boolean {
  let continues = readers.get(stream);
  if (!continues) {
    continues = reader();
    readers.set(stream, continues);
  }
  return continues(text);
}

function joinLines(lines: readonly string[], { read, reader }: Rules): JoinedLines[] {
  const readers = new Map<string, Continues>();
  const events: JoinedLines[] = [];
  const open = new Map<string, { event: JoinedLines; partial: boolean }>();
  for (const [first, line] of lines.entries()) {
    if (isBlank(line)) continue;
    const part = read(line);
    const before = open.get(part.stream);
    const glued = before?.partial === true;
    // The rest of a cut line is no line of its own and says nothing of continuing.
    const goesOn = glued || continuesIn(readers, part, reader);
    if (before && goesOn && before.event.text.length + part.text.length < longestLine) {
      before.event.text += glued ? part.text : lineBreak + part.text;
      before.event.lines++;
      before.partial = part.partial;
      continue;
    }
    const event = { text: part.line, first, lines: 1 };
    events.push(event);
    open.set(part.stream, { event, partial: part.partial });
  }
  return events;
}
