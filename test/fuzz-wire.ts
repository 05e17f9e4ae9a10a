/** The wire formats as a sender writes them, plainly. */

export function numberBytes(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export const varint = (number: number, value: number): Buffer => Buffer.concat([numberBytes(number << 3), numberBytes(value)]);

export function field(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([numberBytes((number << 3) | 2), numberBytes(bytes.length), bytes]);
}

export function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([numberBytes((number << 3) | 1), bytes]);
}

export const messages = (piece: Buffer, times: number): Buffer => Buffer.alloc(piece.length * times, piece);

/** Snappy's block format without repetition, but for runs of one byte: enough to be unpacked, and to make bombs. */
export function snapped(bytes: Buffer): Buffer {
  const pieces = [numberBytes(bytes.length)];
  for (let from = 0; from < bytes.length; ) {
    let run = from;
    while (run < bytes.length && bytes[run] === bytes[from]) run++;
    if (run - from > 64) {
      pieces.push(Buffer.from([0, bytes[from] ?? 0]));
      for (let left = run - from - 1; left > 0; left -= 64) pieces.push(Buffer.from([((Math.min(left, 64) - 1) << 2) | 2, 1, 0]));
      from = run;
      continue;
    }
    const to = Math.min(bytes.length, from + 60);
    pieces.push(Buffer.from([(to - from - 1) << 2]), bytes.subarray(from, to));
    from = to;
  }
  return Buffer.concat(pieces);
}
