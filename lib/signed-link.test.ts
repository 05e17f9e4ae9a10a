import { describe, expect, it } from 'vitest';
import { Secret } from './secret.ts';
import { readLink, signLink } from './signed-link.ts';
import { unixMs } from './time.ts';

const key = new Secret('a key of the tests, long enough for them');
const grant = { purpose: 'acknowledge', subject: 'episode-1 值班', expiresAt: unixMs(2_000) };
const now = unixMs(1_000);

describe('a signed link', () => {
  it('gives back what was signed until it expires', () => {
    const token = signLink(key, grant);
    expect(token).toMatch(/^[\w-]+\.[\w-]+$/);
    expect(readLink(key, token, { purpose: 'acknowledge', now })).toEqual({ ok: true, grant });
    expect(readLink(key, token, { purpose: 'acknowledge', now: unixMs(2_000) })).toEqual({ ok: false, reason: 'expired' });
  });

  const token = signLink(key, grant);
  const [content = '', signature = ''] = token.split('.');
  const changed = Buffer.from(JSON.stringify(['episode-2', 9e15])).toString('base64url');
  it.each([
    { name: 'for another purpose', token, purpose: 'publish', reason: 'forged' },
    { name: 'with another subject', token: `${changed}.${signature}`, purpose: 'acknowledge', reason: 'forged' },
    { name: 'signed with another key', token: signLink(new Secret('another'), grant), purpose: 'acknowledge', reason: 'forged' },
    { name: 'with a cut signature', token: `${content}.${signature.slice(0, 20)}`, purpose: 'acknowledge', reason: 'forged' },
    { name: 'without a signature', token: content, purpose: 'acknowledge', reason: 'malformed' },
    { name: 'with something more', token: `${token}.x`, purpose: 'acknowledge', reason: 'malformed' },
    { name: 'of nothing', token: '', purpose: 'acknowledge', reason: 'malformed' },
    { name: 'of other bytes', token: '\u0000.\uffff', purpose: 'acknowledge', reason: 'forged' },
  ])('is refused $name', ({ token: presented, purpose, reason }) => {
    expect(readLink(key, presented, { purpose, now })).toEqual({ ok: false, reason });
  });
});
