import { createHash, randomBytes } from 'node:crypto';
import type { Reader } from './wire.ts';

/** The framing of RFC 6455 as a client needs it. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  isFinal: boolean;
  opcode: number;
  payload: Buffer;
}

/** What the server must answer to a key. */
export const acceptOf = (key: string): string => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** A frame of ours; clients mask what they send. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (length >= 65_536) head.writeBigUInt64BE(BigInt(length), 2);
  else if (length >= 126) head.writeUInt16BE(length, 2);
  const mask = randomBytes(4);
  const masked = Buffer.from(payload);
  for (let at = 0; at < length; at++) masked[at] = (masked[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([head, mask, masked]);
}

/** A frame of the server, or what is wrong with it. */
export const serverFrame =
  (longest: number): Reader<Frame | { wrong: string }> =>
  (bytes) => {
    const first = bytes[0];
    const second = bytes[1];
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const isFinal = (first & 0x80) !== 0;
    const wrong = wrongHead(first, second);
    if (wrong !== null) return { value: { wrong }, size: bytes.length };
    const short = second & 0x7f;
    const headSize = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < headSize) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (length > longest) return { value: { wrong: `frame ${length} B > ${longest} B` }, size: bytes.length };
    if (bytes.length < headSize + length) return undefined;
    return { value: { isFinal, opcode, payload: bytes.subarray(headSize, headSize + length) }, size: headSize + length };
  };

function wrongHead(first: number, second: number): string | null {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) return 'reserved bits';
  if ((second & 0x80) !== 0) return 'masked by the server';
  if (![0, 1, 2, 8, 9, 10].includes(opcode)) return `opcode ${opcode}`;
  if (opcode >= 8 && ((first & 0x80) === 0 || (second & 0x7f) > 125)) return `control frame ${opcode}`;
  return null;
}
