import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { complaints, lookWith } from './test-servers.ts';

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

const label = (name: string) => Buffer.concat([...name.split('.').map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])), Buffer.from([0])]);
const record = (type: number, data: Buffer) => {
  const head = Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 60, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
};
const a = (address: string) => record(1, Buffer.from(address.split('.').map(Number)));
const mx = (priority: number, host: string) => record(15, Buffer.concat([Buffer.from([0, priority]), label(host)]));
const txt = (text: string) => record(16, Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]));

/** A name server that says the same to everybody; none says nothing. */
async function nameServer(answer: { rcode?: number; records?: Buffer[] } | null): Promise<string> {
  const socket = createSocket('udp4');
  open.push(socket);
  socket.on('message', (question, peer) => {
    if (answer === null) return;
    const { rcode = 0, records = [] } = answer;
    // The question ends four bytes behind its name; what follows it is not repeated.
    const end = question.indexOf(0, 12) + 5;
    const head = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80 | rcode, 0, 1, 0, records.length, 0, 0, 0, 0]);
    socket.send(Buffer.concat([head, question.subarray(12, end), ...records]), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

const pass = { kind: 'pass' };
const fail = (kind: string, reason: string) => ({ kind: 'fail', failure: { kind, reason } });

it.each([
  { name: 'any answer', answer: { records: [a('192.0.2.1')] }, config: {}, outcome: pass },
  { name: 'the answer wanted', answer: { records: [a('192.0.2.1'), a('192.0.2.2')] }, config: { answers: ['192.0.2.2'] }, outcome: pass },
  { name: 'another answer', answer: { records: [a('198.51.100.9')] }, config: { answers: ['192.0.2.1'] }, outcome: fail('mismatch', '192.0.2.1 ∉ 198.51.100.9') },
  { name: 'one answer too many', answer: { records: [a('192.0.2.1'), a('192.0.2.2')] }, config: { answers: ['192.0.2.1'], exact: true }, outcome: fail('mismatch', 'unexpected 192.0.2.2') },
  { name: 'one of those that may be', answer: { records: [a('192.0.2.2')] }, config: { any_of: ['192.0.2.1', '192.0.2.2'], exact: true }, outcome: pass },
  {
    name: 'none of those that may be',
    answer: { records: [a('198.51.100.9')] },
    config: { any_of: ['192.0.2.1', '192.0.2.2'] },
    outcome: fail('mismatch', 'none of 192.0.2.1, 192.0.2.2 ∈ 198.51.100.9'),
  },
  { name: 'no record where none should be', answer: { records: [] }, config: { empty: true, record: 'AAAA' }, outcome: pass },
  { name: 'a record where none should be', answer: { records: [a('192.0.2.1')] }, config: { empty: true }, outcome: fail('mismatch', 'unexpected 192.0.2.1') },
  { name: 'no such name where only the record should be missing', answer: { rcode: 3 }, config: { empty: true }, outcome: fail('dns', 'NXDOMAIN ≠ NOERROR') },
  { name: 'a mail exchanger', answer: { records: [mx(10, 'mail.demo.example')] }, config: { record: 'MX', answers: ['10 mail.demo.example'] }, outcome: pass },
  { name: 'a text', answer: { records: [txt('v=spf1 -all')] }, config: { record: 'TXT', answers: ['v=spf1 -all'], exact: true }, outcome: pass },
  { name: 'no such name', answer: { rcode: 3 }, config: {}, outcome: fail('dns', 'NXDOMAIN ≠ NOERROR') },
  { name: 'no such name, as it should be', answer: { rcode: 3 }, config: { rcode: 'NXDOMAIN' }, outcome: pass },
  { name: 'a server in trouble', answer: { rcode: 2 }, config: {}, outcome: fail('dns', 'SERVFAIL ≠ NOERROR') },
  { name: 'a refusal', answer: { rcode: 5 }, config: {}, outcome: fail('dns', 'REFUSED ≠ NOERROR') },
  { name: 'a name without such a record', answer: { records: [] }, config: {}, outcome: fail('dns', 'no A record') },
])('$name is $outcome.kind', async ({ answer, config, outcome }) => {
  const result = await lookWith({ kind: 'dns', name: 'demo.example', resolver: await nameServer(answer), timeout: '5s', slow_after: '4s', ...config });
  expect(result.outcome).toEqual(outcome);
  expect(result.phases.dns).toBeGreaterThanOrEqual(0);
});

it('a resolver that says nothing is a time-out; a metadata address is refused; bad keys are complaints', async () => {
  expect((await lookWith({ kind: 'dns', name: 'demo.example', resolver: await nameServer(null), timeout: '500ms', slow_after: '400ms' })).outcome).toEqual(
    fail('timeout', 'timeout: no answer from the resolver'),
  );
  expect((await lookWith({ kind: 'dns', name: 'demo.example', resolver: '169.254.169.254' })).outcome).toMatchObject({ kind: 'unknown' });
  expect(complaints({ kind: 'dns', name: 'demo.example', empty: true, any_of: ['192.0.2.1'] })).toEqual(['empty: no record can be expected and asked for at once']);
  expect(complaints({ kind: 'dns', name: 'demo.example', exact: true })).toEqual(['exact: there is nothing the answers could be held against']);
  expect(complaints({ kind: 'dns', name: 'demo.example', resolver: 'dns.example', record: 'ANY' })).toEqual([expect.stringMatching(/^record: /), 'resolver: not the address of a resolver']);
});
