import { longestLine } from '#collector/lines.ts';

/** Cuts one connection's bytes into messages by RFC 6587: a count of octets in front, or a line feed behind; the first byte tells. */
export interface SyslogFramer {
  push(bytes: Buffer): Buffer[];
  /** What an ended connection left without its end. */
  end(): Buffer[];
  /** Messages cut because they were too long. */
  cut(): number;
}

const lineFeed = 10;
const counted = /^([1-9]\d{0,8}) /;
const longestCount = 10;

export function createFramer(): SyslogFramer {
  let held: Buffer = Buffer.alloc(0);
  let cuts = 0;
  /** The rest of a message that was cut: so many octets, or up to the next line feed. */
  let skip: number | 'line' = 0;

  const skipped = (): boolean => {
    if (skip === 'line') {
      const feed = held.indexOf(lineFeed);
      held = feed < 0 ? Buffer.alloc(0) : held.subarray(feed + 1);
      if (feed >= 0) skip = 0;
    } else if (skip > 0) {
      const gone = Math.min(skip, held.length);
      held = held.subarray(gone);
      skip -= gone;
    }
    return skip === 0;
  };

  const take = (length: number, next: number): Buffer => {
    const message = held.subarray(0, length);
    held = held.subarray(next);
    return message;
  };

  /** Undefined when more bytes are needed. */
  const next = (): Buffer | undefined => {
    const count = counted.exec(held.subarray(0, longestCount).toString('latin1'));
    if (!count && held.length < longestCount && isCount(held)) return undefined;
    if (count) {
      const head = count[0].length;
      const length = Number(count[1]);
      const taken = Math.min(length, longestLine);
      if (held.length < head + taken) return undefined;
      held = held.subarray(head);
      if (length > taken) {
        cuts++;
        skip = length - taken;
      }
      return take(taken, taken);
    }
    const feed = held.indexOf(lineFeed);
    if (feed >= 0 && feed <= longestLine) return take(feed, feed + 1);
    if (held.length <= longestLine) return undefined;
    cuts++;
    skip = 'line';
    return take(longestLine, longestLine);
  };

  return {
    push(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const messages: Buffer[] = [];
      while (held.length > 0 && skipped() && held.length > 0) {
        const message = next();
        if (!message) break;
        if (message.length > 0) messages.push(message);
      }
      return messages;
    },
    end() {
      const rest = skip === 0 && held.length > 0 ? [held] : [];
      held = Buffer.alloc(0);
      return rest;
    },
    cut: () => cuts,
  };
}

/** Nothing but digits so far. */
const isCount = (bytes: Buffer): boolean => /^[1-9]\d*$/.test(bytes.toString('latin1'));
