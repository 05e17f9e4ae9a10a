import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Reader, type Said, shownAddress, upgradeText, type Wire, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const shape = {
  ...probeShape,
  ...wireShape,
  address: addressText(3306),
  starttls: upgradeText.default('never'),
  user: z
    .string()
    .regex(/^[\x21-\x7e]{1,32}$/, 'a name is 1 to 32 printable letters without blanks')
    .default('fenghuo'),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/**
 * The handshake to its end with a user without a password. Hanging up after the greeting would be simpler, but servers count
 * that against the client's address and shut it out after a hundred times; a refused login they do not count.
 */
export const mysql = defineKind({
  kind: 'mysql',
  label: { 'zh-CN': 'MySQL 应答', en: 'MySQL answers' },
  fields: [
    ...probeFields,
    addressField('db.example:3306'),
    {
      id: 'user',
      label: { 'zh-CN': '用户名', en: 'User' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '不带密码；被拒绝也算可达；默认 fenghuo', en: 'Without a password; refused still counts as reachable; fenghuo by default' },
    },
    ...wireFields.upgrade,
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'mysql', target: shownAddress(config.address), check: (look) => check(config, look) }),
});

const can = { longPassword: 0x1, protocol41: 0x200, ssl: 0x800, secureConnection: 0x8000, pluginAuth: 0x80000 };

interface Packet {
  sequence: number;
  body: Buffer;
}

const packet: Reader<Packet> = (bytes) => {
  if (bytes.length < 4) return undefined;
  const size = bytes.readUIntLE(0, 3);
  if (size > 16_000) return { value: { sequence: 0, body: Buffer.alloc(0) }, size: bytes.length };
  if (bytes.length < size + 4) return undefined;
  return { value: { sequence: bytes[3] ?? 0, body: bytes.subarray(4, size + 4) }, size: size + 4 };
};

function framed({ sequence, body }: Packet): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = sequence & 0xff;
  return Buffer.concat([head, body]);
}

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config, maxBytes: 32_768 }, async (wire) => {
    const hello = greeting((await wire.receive(packet)).body);
    if ('outcome' in hello) return hello;
    const evidence = { serverVersion: excerpt(hello.version.slice(0, 100)) };
    let sequence = 1;
    if (config.starttls !== 'never' && hello.offersTls) {
      wire.send(framed({ sequence: sequence++, body: clientHello(can.ssl) }));
      if (wire.unread() > 0) return { outcome: failed('tls', 'MySQL: plain bytes before TLS'), evidence };
      await wire.secure();
    }
    const said = await signIn(wire, { sequence, body: login(config.user, wire.isSecure()) });
    const outcome = config.starttls === 'required' && !wire.isSecure() ? failed('tls', 'MySQL: CLIENT_SSL ∅') : said.outcome;
    return { outcome, evidence: { ...evidence, ...said.evidence } };
  });
}

type Greeting = { version: string; offersTls: boolean } | Said;

function greeting(body: Buffer): Greeting {
  if (body[0] === 0xff) return refusal(body);
  const end = body.indexOf(0, 1);
  // Protocol 10: version, thread id (4), salt (8), filler (1), lower half of what the server can.
  if (body[0] !== 10 || end < 0 || body.length < end + 16) return { outcome: failed('assertion', 'not MySQL'), evidence: {} };
  // MariaDB puts a version before its own that old replicas could read.
  return { version: body.toString('utf8', 1, end).replace(/^5\.5\.5-(?=\d)/, ''), offersTls: (body.readUInt16LE(end + 14) & can.ssl) !== 0 };
}

function clientHello(more: number): Buffer {
  const body = Buffer.alloc(32);
  body.writeUInt32LE(can.longPassword | can.protocol41 | can.secureConnection | can.pluginAuth | more, 0);
  body.writeUInt32LE(16_777_215, 4);
  // utf8: older servers know no other four-byte set.
  body[8] = 33;
  return body;
}

const login = (user: string, isSecure: boolean): Buffer => Buffer.concat([clientHello(isSecure ? can.ssl : 0), Buffer.from(`${user}\0`), Buffer.from([0]), Buffer.from('mysql_native_password\0')]);

async function signIn(wire: Wire, first: Packet): Promise<Said> {
  wire.send(framed(first));
  for (let turn = 0; turn < 4; turn++) {
    const { body, sequence } = await wire.receive(packet);
    if (body[0] === 0xff) return refusal(body);
    if (body[0] === 0x00) {
      await wire.end(framed({ sequence: 0, body: Buffer.from([0x01]) }));
      return { outcome: { kind: 'pass' }, evidence: { login: 'accepted' } };
    }
    // Another way to prove oneself, or more of the same: still without a password.
    if (body[0] !== 0xfe && body[0] !== 0x01) break;
    wire.send(framed({ sequence: sequence + 1, body: Buffer.alloc(0) }));
  }
  return { outcome: failed('assertion', 'not MySQL'), evidence: {} };
}

/** What the server says when it lets nobody in, and when it only lets this user not in. */
function refusal(body: Buffer): Said {
  const code = body.length >= 3 ? body.readUInt16LE(1) : 0;
  const text = body.toString('utf8', 3).replace(/^#[0-9A-Z]{5}/, '');
  const evidence = { errorCode: code, message: excerpt(text) };
  // 1045 access denied, 1044 to the database, 1251 and 2054 the way to sign in, 1698 by socket only, 1862 password expired, 3118 account locked.
  if ([1044, 1045, 1251, 1698, 1862, 2054, 3118].includes(code)) return { outcome: { kind: 'pass' }, evidence: { ...evidence, login: 'refused' } };
  const kind = code === 1040 || code === 1203 ? 'throttled' : 'status';
  return { outcome: failed(kind, `MySQL ${code}: ${excerpt(text)}`), evidence };
}
