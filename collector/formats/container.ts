import { parseIso, type UnixMs } from '#lib/time.ts';
import type { Container, Format, ParsedLine } from './format.ts';

/** One piece of what a program wrote. */
export interface Piece {
  /** stdout, stderr. */
  stream: string;
  time: string;
  text: string;
  /** The program's line goes on in the stream's next piece. */
  partial: boolean;
}

const criLine = /^(\S{10,40}) (stdout|stderr) ([PF])(?::\S{0,100})? ?(.*)$/s;

/** Undefined when the line is not wrapped at all. */
export function readPiece(line: string, container: Container): Piece | undefined {
  if (container === 'docker') return readDocker(line);
  const match = criLine.exec(line);
  return match ? { time: match[1] ?? '', stream: match[2] ?? '', partial: match[3] === 'P', text: match[4] ?? '' } : undefined;
}

function readDocker(line: string): Piece | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { log, stream, time } = JSON.parse(line) as Record<string, unknown>;
    if (typeof log !== 'string') return undefined;
    const partial = !log.endsWith('\n');
    return { text: (partial ? log : log.slice(0, -1)).replaceAll('\0', ''), stream: typeof stream === 'string' ? stream.slice(0, 40) : 'stdout', time: typeof time === 'string' ? time : '-', partial };
  } catch {
    return undefined;
  }
}

/** A whole line of a program with its time and stream, on one line whoever wrapped it. */
export const wrap = ({ time, stream, text }: Piece): string => `${time === '' ? '-' : time} ${stream} F ${text}`;

const wrapped = /^(\S{1,40}) (\S{1,40}) F (.*)$/s;

/** Reads what the program wrote by its own format; where that names no time, the runtime's stands in. */
export function insideContainer(format: Format, container: Container): Format {
  return {
    ...format,
    container,
    parse(line, near): ParsedLine {
      const match = wrapped.exec(line);
      if (!match) return format.parse(line, near);
      const seen: UnixMs | undefined = parseIso(match[1] ?? '');
      const parsed = format.parse(match[3] ?? '', seen ?? near);
      parsed.attributes['log.iostream'] = match[2] ?? '';
      return { ...parsed, time: parsed.time ?? seen };
    },
  };
}
