import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Reader, type Said, shownAddress, upgradeText, type Wire, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const nameText = z.string().regex(/^[\x21-\x7e]{1,63}$/, 'a name is 1 to 63 printable letters without blanks');
const shape = { ...probeShape, ...wireShape, address: addressText(5432), starttls: upgradeText.default('never'), user: nameText.default('fenghuo'), database: nameText.optional() };
type Config = z.output<z.ZodObject<typeof shape>>;

/** The hello of the protocol, without a password: a server that asks for one, or refuses the user, takes connections. */
export const postgres = defineKind({
  kind: 'postgres',
  label: { 'zh-CN': 'PostgreSQL 应答', en: 'PostgreSQL answers' },
  fields: [
    ...probeFields,
    addressField('db.example:5432'),
    {
      id: 'user',
      label: { 'zh-CN': '用户名', en: 'User' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '只用来打招呼，不会登录；默认 fenghuo', en: 'Only for the greeting, nobody signs in; fenghuo by default' },
    },
    { id: 'database', label: { 'zh-CN': '数据库', en: 'Database' }, input: 'text', required: false, help: { 'zh-CN': '默认与用户名相同', en: 'Named as the user by default' } },
    ...wireFields.upgrade,
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'postgres', target: shownAddress(config.address), check: (look) => check(config, look) }),
});

const sslRequestCode = 80_877_103;
const protocolVersion = 196_608;

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config, maxBytes: 32_768 }, async (wire) => {
    if (config.starttls !== 'never') {
      const refused = await upgrade(wire, config.starttls);
      if (refused) return refused;
    }
    wire.send(startup({ user: config.user, database: config.database ?? config.user }));
    for (;;) {
      const message = await wire.receive(serverMessage);
      // A newer server may first say which protocol it speaks, or tell a notice.
      if (message?.type === 'v' || message?.type === 'N') continue;
      const said = judge(message);
      if (message?.type === 'R') await wire.end(Buffer.from([0x58, 0, 0, 0, 4]));
      return said;
    }
  });
}

async function upgrade(wire: Wire, wanted: 'optional' | 'required'): Promise<Said | null> {
  const request = Buffer.alloc(8);
  request.writeInt32BE(8, 0);
  request.writeInt32BE(sslRequestCode, 4);
  wire.send(request);
  const answer = await wire.receive((bytes) => (bytes.length === 0 ? undefined : { value: String.fromCharCode(bytes[0] ?? 0), size: 1 }));
  if (answer === 'S') {
    // Anything said before the handshake could have been put there by someone in between.
    if (wire.unread() > 0) return { outcome: failed('tls', 'PostgreSQL: plain bytes before TLS'), evidence: {} };
    await wire.secure();
    return null;
  }
  if (answer !== 'N') return { outcome: failed('assertion', 'PostgreSQL: SSLRequest ≠ S, N'), evidence: { answer } };
  return wanted === 'required' ? { outcome: failed('tls', 'PostgreSQL: SSLRequest = N'), evidence: { answer } } : null;
}

function startup(parameters: Readonly<Record<string, string>>): Buffer {
  const words = Object.entries({ ...parameters, application_name: 'fenghuo-probe' }).flat();
  const body = Buffer.from(`${words.map((word) => `${word}\0`).join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(protocolVersion, 4);
  return Buffer.concat([head, body]);
}

interface ServerMessage {
  type: string;
  body: Buffer;
}

/** Null when the bytes cannot be a message of this protocol. */
const serverMessage: Reader<ServerMessage | null> = (bytes) => {
  if (bytes.length > 0 && !/^[REvN]$/.test(String.fromCharCode(bytes[0] ?? 0))) return { value: null, size: bytes.length };
  if (bytes.length < 5) return undefined;
  const length = bytes.readUInt32BE(1);
  if (length < 4 || length > 30_000) return { value: null, size: bytes.length };
  if (bytes.length < length + 1) return undefined;
  return { value: { type: String.fromCharCode(bytes[0] ?? 0), body: bytes.subarray(5, length + 1) }, size: length + 1 };
};

/** The ways to prove oneself a server may ask for. */
const methods: Readonly<Record<number, string>> = { 0: 'trust', 2: 'kerberos', 3: 'password', 5: 'md5', 6: 'scm', 7: 'gss', 9: 'sspi', 10: 'scram' };

function judge(message: ServerMessage | null): Said {
  if (message === null) return { outcome: failed('assertion', 'not PostgreSQL'), evidence: {} };
  if (message.type === 'R') {
    const authentication = methods[message.body.length >= 4 ? message.body.readInt32BE(0) : -1];
    return authentication === undefined ? { outcome: failed('assertion', 'not PostgreSQL'), evidence: {} } : { outcome: { kind: 'pass' }, evidence: { authentication } };
  }
  const fields = Object.fromEntries(
    message.body
      .toString('utf8')
      .split('\0')
      .filter((field) => field.length > 1)
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  const code = fields.C ?? '';
  const evidence = { sqlState: code, message: excerpt(fields.M ?? '') };
  // Who is refused as a user, or asks for a database that is not there, has reached a server that takes connections.
  if (code.startsWith('28') || code === '3D000') return { outcome: { kind: 'pass' }, evidence };
  const kind = code === '53300' ? 'throttled' : 'status';
  return { outcome: failed(kind, `PostgreSQL ${code}: ${evidence.message}`), evidence };
}
