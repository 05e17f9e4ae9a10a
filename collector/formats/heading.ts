import { lineBreak } from './line-break.ts';

/** Lines that are no events but say how those behind them are to be read, such as W3C's `#Fields:`; '' before any was seen. */
export interface Heading {
  /** What holds after this line; undefined when the line is an event. */
  after(line: string, before: string): string | undefined;
}

export interface Headed {
  /** Each event behind the heading that holds for it, so that it can be read alone, later and again. */
  events: string[];
  heading: string;
}

/** Puts before each event what the lines above it said of all that follow; those lines are no events themselves. */
export function withHeadings(lines: readonly string[], { rule, before }: { rule: Heading; before: string }): Headed {
  let heading = before;
  const events: string[] = [];
  for (const line of lines) {
    const next = rule.after(line, heading);
    if (next !== undefined) heading = next;
    else events.push(heading === '' || line.trim() === '' ? line : heading + lineBreak + line);
  }
  return { events, heading };
}

/** The events of a file's next lines; remembers in it what holds behind them. */
export function headed(file: { heading?: string }, lines: readonly string[], rule: Heading): readonly string[] {
  const { events, heading } = withHeadings(lines, { rule, before: file.heading ?? '' });
  file.heading = heading;
  return events;
}
