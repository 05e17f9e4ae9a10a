import { createHash, randomBytes } from 'node:crypto';

/** A random text to hand out once, and its hash, the only thing kept. It has 256 bits, so a plain hash cannot be guessed backwards. */
export function randomToken(prefix: string): { token: string; hash: string } {
  const token = `${prefix}_${randomBytes(32).toString('base64url')}`;
  return { token, hash: tokenHash(token) };
}

export const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex');
