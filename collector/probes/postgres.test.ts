import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { certificate, complaints, lookWith, securedBy, serveTcp } from './test-servers.ts';

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
const authentication = (method: number) => message('R', Buffer.from([0, 0, 0, method]));
const error = (code: string, text: string) => message('E', Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${text}\0\0`));

interface Script {
  /** What follows the startup message. */
  answer: Buffer;
  ssl?: 'S' | 'N';
  own?: ReturnType<typeof certificate>;
}

/** The server's side of the greeting; remembers the parameters it was told and the last message. */
async function database({ answer, ssl = 'N', own }: Script) {
  const told: { parameters: string[]; last: string } = { parameters: [], last: '' };
  const talk = (socket: Socket) => {
    socket.on('data', (bytes) => {
      told.last = bytes.toString('latin1');
      if (bytes.length === 8 && bytes.readInt32BE(4) === 80_877_103) {
        socket.write(ssl);
        if (ssl !== 'S' || !own) return;
        socket.removeAllListeners('data');
        talk(securedBy(socket, own));
      } else if (bytes.length > 8 && bytes.readInt32BE(4) === 196_608) {
        told.parameters = bytes.toString('utf8', 8).split('\0').filter(Boolean);
        socket.write(answer);
      }
    });
  };
  return { address: await serveTcp(talk), told };
}

it.each([
  { name: 'a server that asks for a password', answer: authentication(10), evidence: { authentication: 'scram' } },
  { name: 'a server that trusts us', answer: authentication(0), evidence: { authentication: 'trust' } },
  { name: 'a server that has a notice first', answer: Buffer.concat([message('N', Buffer.from('SNOTICE\0\0')), authentication(5)]), evidence: { authentication: 'md5' } },
  { name: 'a server that refuses the user', answer: error('28000', 'no pg_hba.conf entry for host'), evidence: { sqlState: '28000', message: 'no pg_hba.conf entry for host' } },
  { name: 'a server without the database', answer: error('3D000', 'database "fenghuo" does not exist'), evidence: { sqlState: '3D000' } },
])('$name takes connections', async ({ answer, evidence }) => {
  const { address, told } = await database({ answer });
  const result = await lookWith({ kind: 'postgres', address });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject(evidence);
  expect(told.parameters).toEqual(['user', 'fenghuo', 'database', 'fenghuo', 'application_name', 'fenghuo-probe']);
});

it('takes its leave, so that no session is left behind', async () => {
  const { address, told } = await database({ answer: authentication(0) });
  await lookWith({ kind: 'postgres', address });
  await expect.poll(() => told.last).toBe('X\0\0\0\x04');
});

it.each([
  { answer: error('57P03', 'the database system is starting up'), failure: { kind: 'status', reason: 'PostgreSQL 57P03: the database system is starting up' } },
  { answer: error('53300', 'sorry, too many clients already'), failure: { kind: 'throttled', reason: 'PostgreSQL 53300: sorry, too many clients already' } },
  { answer: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), failure: { kind: 'assertion', reason: 'not PostgreSQL' } },
  { answer: Buffer.from([0x52, 0xff, 0xff, 0xff, 0xff, 0]), failure: { kind: 'assertion', reason: 'not PostgreSQL' } },
  { answer: Buffer.from([0x52, 0, 0]), failure: { kind: 'timeout', reason: 'timeout: body' } },
])('$failure.reason is a failure', async ({ answer, failure }) => {
  const { address } = await database({ answer });
  expect((await lookWith({ kind: 'postgres', address, timeout: '1s', slow_after: '900ms' })).outcome).toEqual({ kind: 'fail', failure });
});

it('upgrades to TLS and checks the certificate', async () => {
  const own = certificate();
  const { address, told } = await database({ answer: authentication(10), ssl: 'S', own });
  const good = await lookWith({ kind: 'postgres', address, starttls: 'required', ca: own.cert, user: 'probe', database: 'invoices' });
  expect(good.outcome).toEqual({ kind: 'pass' });
  expect(good.evidence).toMatchObject({ tls: 'TLSv1.3', authentication: 'scram' });
  expect(told.parameters.slice(0, 4)).toEqual(['user', 'probe', 'database', 'invoices']);
  expect((await lookWith({ kind: 'postgres', address, starttls: 'optional' })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls' } });
});

it('a server without TLS is good unless it is required', async () => {
  const { address } = await database({ answer: authentication(10) });
  expect((await lookWith({ kind: 'postgres', address, starttls: 'optional' })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'postgres', address, starttls: 'required' })).outcome).toEqual({ kind: 'fail', failure: { kind: 'tls', reason: 'PostgreSQL: SSLRequest = N' } });
});

it('a user is one word', () => {
  expect(complaints({ kind: 'postgres', address: 'db', user: 'a\0b' })).toEqual(['user: a name is 1 to 63 printable letters without blanks']);
});
