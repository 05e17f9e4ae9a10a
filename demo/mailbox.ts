import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import type { Clock } from '#lib/clock.ts';
import { iso } from '#lib/time.ts';

/** One mail as the mailbox shows it. */
export interface Mail {
  id: string;
  /** When it was accepted, ISO 8601. */
  at: string;
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

/** A mail server of one's own: takes every mail handed to it on loopback and lets it be read; nothing leaves the machine. */
export interface Mailbox {
  url: string;
  /** Oldest first. */
  mails(): readonly Mail[];
  onMail(listener: (mail: Mail) => void): () => void;
  stop(): Promise<void>;
}

export interface MailboxOptions {
  host: string;
  port: number;
  /** Where mails are kept over a restart. */
  dir: string;
  clock: Clock;
  onError(error: unknown): void;
}

const mostKept = 500;
const maxBytes = 5_000_000;

export async function startMailbox({ host, port, dir, clock, onError }: MailboxOptions): Promise<Mailbox> {
  await mkdir(dir, { recursive: true });
  const mails = await readKept(dir);
  const listeners = new Set<(mail: Mail) => void>();

  async function take(stream: Readable & { sizeExceeded?: boolean }, envelope: { from: string; to: string[] }): Promise<void> {
    const parsed = await simpleParser(stream);
    if (stream.sizeExceeded) throw Object.assign(new Error('message too large'), { responseCode: 552 });
    const at = clock.now();
    const mail = mailOf(parsed, { id: `${at}-${randomUUID().slice(0, 8)}`, at: iso(at), ...envelope });
    await writeFile(join(dir, `${mail.id}.json`), JSON.stringify(mail));
    mails.push(mail);
    for (const old of mails.splice(0, Math.max(0, mails.length - mostKept))) await rm(join(dir, `${old.id}.json`), { force: true });
    for (const listener of listeners) listener(mail);
  }

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: maxBytes,
    banner: 'demo mailbox',
    onData(stream, session, done) {
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = { from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address) };
      take(stream, envelope).then(
        () => done(),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  server.on('error', onError);
  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, host, () => {
      server.server.off('error', reject);
      resolve();
    });
  });
  return {
    url: `smtp://${host}:${(server.server.address() as AddressInfo).port}`,
    mails: () => mails,
    onMail(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function readKept(dir: string): Promise<Mail[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(names.slice(-mostKept).map((name) => readFile(join(dir, name), 'utf8')));
  return texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as Mail];
    } catch {
      // Cut off by a kill in the middle of writing: one demo mail less.
      return [];
    }
  });
}

function mailOf(parsed: ParsedMail, about: { id: string; at: string; from: string; to: string[] }): Mail {
  const headers = Object.fromEntries(parsed.headerLines.map(({ key, line }) => [key, unfolded(line)]));
  return { ...about, from: addressText(parsed.from) || about.from, subject: parsed.subject ?? '', text: parsed.text ?? '', html: parsed.html || '', headers };
}

const unfolded = (line: string): string =>
  line
    .slice(line.indexOf(':') + 1)
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .trim();
const addressText = (address: AddressObject | undefined): string => address?.text ?? '';
