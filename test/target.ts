import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export interface Target {
  url: string;
  broken: boolean;
  /** Takes requests and does not answer. */
  hanging: boolean;
  /** Requests answered so far, and when the last one came. */
  answered: { count: number; lastAt: number };
  stop(): Promise<void>;
}

/** A service on loopback that answers well, with 500 or not at all, as told. */
export async function startTarget(): Promise<Target> {
  const target: Target = { url: '', broken: false, hanging: false, answered: { count: 0, lastAt: 0 }, stop: () => closed(server) };
  const server = createServer((_request, response) => {
    target.answered = { count: target.answered.count + 1, lastAt: Date.now() };
    if (target.hanging) return;
    response.statusCode = target.broken ? 500 : 200;
    response.end(target.broken ? 'broken' : 'ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  target.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return target;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

export interface Mail {
  at: number;
  messageId: string;
  inReplyTo: string | undefined;
  references: string[];
  subject: string;
  text: string;
}

/** A real SMTP server that keeps what it accepted. */
export async function startMailServer(): Promise<{ url: string; mails: Mail[]; stop(): Promise<void> }> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      simpleParser(stream).then(
        ({ messageId = '', inReplyTo, references, subject = '', text = '' }) => {
          mails.push({ at: Date.now(), messageId, inReplyTo, references: references === undefined ? [] : [references].flat(), subject, text });
          done();
        },
        (error: Error) => done(error),
      );
    },
  });
  // A sender that is killed in the middle of a mail breaks its connection.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, mails, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}
