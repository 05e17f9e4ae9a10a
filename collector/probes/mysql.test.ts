import { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { certificate, lookWith, securedBy, serveTcp } from './test-servers.ts';

function framed(sequence: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, body]);
}

function greeting(version: string, capabilities: number): Buffer {
  const low = Buffer.alloc(2);
  low.writeUInt16LE(capabilities);
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from(`${version}\0`),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('saltsalt\0'),
    low,
    Buffer.from([33, 2, 0, 0, 0, 21]),
    Buffer.alloc(10),
    Buffer.from('moresaltmore\0'),
  ]);
}
function error(code: number, text: string): Buffer {
  const head = Buffer.from([0xff, 0, 0]);
  head.writeUInt16LE(code, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}
const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const denied = error(1045, "#28000Access denied for user 'fenghuo'@'127.0.0.1' (using password: NO)");
const ssl = 0x800;

interface Script {
  answers: Buffer[];
  capabilities?: number;
  own?: ReturnType<typeof certificate>;
}

/** The server's side; every packet of the client is kept. */
async function database({ answers, capabilities = 0xf7ff & ~ssl, own }: Script) {
  const told: Buffer[] = [];
  let turn = 0;
  const talk = (socket: Duplex) =>
    void socket.on('data', (bytes) => {
      const isSslRequest = own !== undefined && bytes.readUIntLE(0, 3) === 32;
      told.push(isSslRequest ? bytes.subarray(0, 36) : bytes);
      if (isSslRequest) {
        socket.removeAllListeners('data').pause();
        // The handshake of TLS follows at once and may have come along.
        if (bytes.length > 36) socket.unshift(bytes.subarray(36));
        return talk(securedBy(Duplex.from({ readable: socket, writable: socket }), own));
      }
      const answer = answers[turn++];
      if (answer) socket.write(framed((bytes[3] ?? 0) + 1, answer));
    });
  const address = await serveTcp((socket) => {
    socket.write(framed(0, greeting('5.5.5-10.11.3-invoice', capabilities)));
    talk(socket);
  });
  return { address, told };
}

it.each([
  { name: 'a refused login', answers: [denied], evidence: { login: 'refused', errorCode: 1045 } },
  { name: 'an accepted login', answers: [ok], evidence: { login: 'accepted' } },
  { name: 'another way to sign in, then refused', answers: [Buffer.from('\xfecaching_sha2_password\0salt', 'latin1'), denied], evidence: { login: 'refused' } },
  { name: 'a fast way that goes on', answers: [Buffer.from([1, 4]), denied], evidence: { login: 'refused' } },
])('$name is a server that takes connections', async ({ answers, evidence }) => {
  const { address, told } = await database({ answers });
  const result = await lookWith({ kind: 'mysql', address });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({ serverVersion: '10.11.3-invoice', ...evidence });
  expect(Object.keys(result.phases)).toEqual(['connect', 'firstByte', 'body']);
  expect(told[0]?.toString('latin1', 36)).toBe('fenghuo\0\0mysql_native_password\0');
});

it('ends an accepted session with COM_QUIT', async () => {
  const { address, told } = await database({ answers: [ok] });
  await lookWith({ kind: 'mysql', address });
  await expect.poll(() => told.at(-1)).toEqual(framed(0, Buffer.from([1])));
});

it('upgrades to TLS before it names its user', async () => {
  const own = certificate();
  const { address, told } = await database({ answers: [denied], capabilities: 0xf7ff | ssl, own });
  const result = await lookWith({ kind: 'mysql', address, starttls: 'required', ca: own.cert, user: 'probe' });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({ tls: 'TLSv1.3', login: 'refused' });
  expect(told.map((bytes) => [bytes.length, bytes[3]])).toEqual([
    [36, 1],
    [36 + 'probe\0\0mysql_native_password\0'.length, 2],
  ]);
  expect((await lookWith({ kind: 'mysql', address, starttls: 'optional' })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls' } });
});

it('a server without TLS is good unless it is required', async () => {
  const { address } = await database({ answers: [denied, denied] });
  expect((await lookWith({ kind: 'mysql', address, starttls: 'optional' })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'mysql', address, starttls: 'required' })).outcome).toEqual({ kind: 'fail', failure: { kind: 'tls', reason: 'MySQL: CLIENT_SSL ∅' } });
});

it.each([
  { name: 'too many connections', bytes: framed(0, error(1040, 'Too many connections')), failure: { kind: 'throttled', reason: 'MySQL 1040: Too many connections' } },
  { name: 'a blocked host', bytes: framed(0, error(1129, 'Host is blocked')), failure: { kind: 'status', reason: 'MySQL 1129: Host is blocked' } },
  { name: 'another protocol', bytes: Buffer.from('SSH-2.0-OpenSSH_9.9\r\n'), failure: { kind: 'assertion', reason: 'not MySQL' } },
  { name: 'an empty packet', bytes: framed(0, Buffer.alloc(0)), failure: { kind: 'assertion', reason: 'not MySQL' } },
  { name: 'a greeting cut short', bytes: framed(0, Buffer.from([10, 56, 0, 1])), failure: { kind: 'assertion', reason: 'not MySQL' } },
  { name: 'half a packet', bytes: Buffer.from([9, 0]), failure: { kind: 'timeout', reason: 'timeout: body' } },
])('$name is a failure', async ({ bytes, failure }) => {
  const address = await serveTcp((socket) => void socket.write(bytes));
  expect((await lookWith({ kind: 'mysql', address, timeout: '1s', slow_after: '900ms' })).outcome).toEqual({ kind: 'fail', failure });
});
