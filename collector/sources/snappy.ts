import { IngestError } from './ingest.ts';

/**
 * Unpacks Snappy's block format, which Prometheus and Loki send: the length it will have, then pieces that are either given or repeated from
 * what came before. The length is judged before room is made for it, and no piece may reach outside.
 */
export function unsnap(packed: Uint8Array, most: number): Buffer {
  const { length, at } = promised(packed);
  if (length > most) throw new IngestError(413, `unpacks to more than ${most} bytes`);
  // The densest piece makes 64 bytes of three: no memory is given for a promise that cannot be kept.
  if (length > packed.length * 22) throw notSnappy('it is too short for the length it names');
  const out = Buffer.allocUnsafe(length);
  let from = at;
  let to = 0;
  while (from < packed.length) {
    const piece = pieceAt(packed, from);
    from = piece.next;
    if (to + piece.length > length) throw notSnappy('it is longer than it says');
    if (piece.back === 0) {
      if (from + piece.length > packed.length) throw notSnappy('it ends too early');
      out.set(packed.subarray(from, from + piece.length), to);
      from += piece.length;
    } else {
      if (piece.back > to) throw notSnappy('it repeats what is not there');
      repeat(out, to, piece);
    }
    to += piece.length;
  }
  if (to !== length) throw notSnappy('it is shorter than it says');
  return out;
}

interface Piece {
  length: number;
  /** How far back it is repeated from; 0 when its bytes follow. */
  back: number;
  next: number;
}

const notSnappy = (why: string): IngestError => new IngestError(400, `not snappy: ${why}`);

function promised(packed: Uint8Array): { length: number; at: number } {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = packed[at];
    if (byte === undefined) throw notSnappy('it ends too early');
    length += (byte & 127) * 2 ** (7 * at);
    if (byte < 128) return { length, at: at + 1 };
  }
  throw notSnappy('its length does not end');
}

function pieceAt(packed: Uint8Array, at: number): Piece {
  const tag = packed[at] ?? 0;
  const size = tag >>> 2;
  switch (tag & 3) {
    case 0: {
      const extra = size < 60 ? 0 : size - 59;
      return { length: (extra === 0 ? size : whole(packed, at + 1, extra)) + 1, back: 0, next: at + 1 + extra };
    }
    case 1:
      return back({ length: (size & 7) + 4, back: (tag >>> 5) * 256 + whole(packed, at + 1, 1), next: at + 2 });
    case 2:
      return back({ length: size + 1, back: whole(packed, at + 1, 2), next: at + 3 });
    default:
      return back({ length: size + 1, back: whole(packed, at + 1, 4), next: at + 5 });
  }
}

function back(piece: Piece): Piece {
  if (piece.back === 0) throw notSnappy('it repeats what is not there');
  return piece;
}

function whole(packed: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > packed.length) throw notSnappy('it ends too early');
  let value = 0;
  for (let index = bytes - 1; index >= 0; index--) value = value * 256 + (packed[at + index] ?? 0);
  return value;
}

/** A piece longer than its distance repeats itself, byte by byte. */
function repeat(out: Buffer, to: number, { length, back: distance }: Piece): void {
  if (distance >= length) out.copyWithin(to, to - distance, to - distance + length);
  else for (let index = 0; index < length; index++) out[to + index] = out[to + index - distance] ?? 0;
}
