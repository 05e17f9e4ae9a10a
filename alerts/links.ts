import type { Secret } from '#lib/secret.ts';
import { readLink, signLink } from '#lib/signed-link.ts';
import type { UnixMs } from '#lib/time.ts';
import type { AlertLinks } from './ports.ts';

const purpose = 'acknowledge';

/** What an acknowledgement link is about: the episodes a message told of, and the receiver it was sent to. */
export interface AcknowledgementSubject {
  episodes: readonly string[];
  by: string;
}

export type AcknowledgementReading = { ok: true; subject: AcknowledgementSubject } | { ok: false; reason: 'malformed' | 'forged' | 'expired' };

/** Addresses in messages: the console at `publicUrl`, acknowledgements at `/ack/TOKEN`. */
export function alertLinks({ secretKey, publicUrl }: { secretKey: Secret; publicUrl: string }): AlertLinks {
  const base = publicUrl.replace(/\/+$/, '');
  return {
    console: (path) => `${base}${path}`,
    acknowledge: ({ episodes, by, expiresAt }) => `${base}/ack/${signLink(secretKey, { purpose, subject: JSON.stringify([by, ...episodes]), expiresAt })}`,
  };
}

/** Reads the token of an acknowledgement link. */
export function readAcknowledgement(secretKey: Secret, token: string, now: UnixMs): AcknowledgementReading {
  const read = readLink(secretKey, token, { purpose, now });
  if (!read.ok) return read;
  const [by = '', ...episodes] = JSON.parse(read.grant.subject) as string[];
  return { ok: true, subject: { episodes, by } };
}
