import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from './secret.ts';
import { type UnixMs, unixMs } from './time.ts';

/** What a link allows, to what, and until when. */
export interface LinkGrant {
  /** `acknowledge`, …; a link signed for one purpose is worthless for another. */
  purpose: string;
  /** What it is about, for example an episode and a receiver. */
  subject: string;
  expiresAt: UnixMs;
}

export type LinkReading = { ok: true; grant: LinkGrant } | { ok: false; reason: 'malformed' | 'forged' | 'expired' };

/** A token for an address in a message: readable by anyone, made only by who holds the key. Carries no secret. */
export function signLink(secretKey: Secret, grant: LinkGrant): string {
  const content = Buffer.from(JSON.stringify([grant.subject, grant.expiresAt])).toString('base64url');
  return `${content}.${signature(secretKey, grant.purpose, content).toString('base64url')}`;
}

/** Reads a token made for `purpose`. */
export function readLink(secretKey: Secret, token: string, { purpose, now }: { purpose: string; now: UnixMs }): LinkReading {
  const [content = '', signed = '', ...rest] = token.split('.');
  if (!content || !signed || rest.length > 0) return { ok: false, reason: 'malformed' };
  const expected = signature(secretKey, purpose, content);
  const given = Buffer.from(signed, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { ok: false, reason: 'forged' };
  const [subject, expiresAt] = JSON.parse(Buffer.from(content, 'base64url').toString()) as [string, number];
  if (now >= expiresAt) return { ok: false, reason: 'expired' };
  return { ok: true, grant: { purpose, subject, expiresAt: unixMs(expiresAt) } };
}

/** Each purpose signs with a key of its own, so a signature cannot wander from one to another. */
function signature(secretKey: Secret, purpose: string, content: string): Buffer {
  const key = createHmac('sha256', secretKey.reveal()).update(`fenghuo signed link: ${purpose}`).digest();
  return createHmac('sha256', key).update(content).digest();
}
