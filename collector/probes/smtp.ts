import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Reader, type Said, shownAddress, upgradeText, type Wire, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const shape = {
  ...probeShape,
  ...wireShape,
  address: addressText(25),
  /** From the first byte, as on port 465. */
  tls: z.boolean().default(false),
  starttls: upgradeText.default('optional'),
  hello: z
    .string()
    .regex(/^[A-Za-z0-9.[\]:-]{1,255}$/, 'a name to say hello with has letters, digits, "." and "-"')
    .default('localhost'),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** The greeting, EHLO, STARTTLS and QUIT; no mail is ever begun. */
export const smtp = defineKind({
  kind: 'smtp',
  label: { 'zh-CN': 'SMTP 邮件服务器', en: 'SMTP server' },
  fields: [
    ...probeFields,
    addressField('mail.example:25'),
    { id: 'tls', label: { 'zh-CN': '一开始就用 TLS', en: 'TLS from the start' }, input: 'switch', required: false, help: { 'zh-CN': '如 465 端口', en: 'As on port 465' } },
    ...wireFields.upgrade,
    {
      id: 'hello',
      label: { 'zh-CN': 'EHLO 名称', en: 'Name in EHLO' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '默认 localhost；有的服务器要求真实域名', en: 'localhost by default; some servers want a real domain' },
    },
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'smtp', target: shownAddress(config.address), check: (look) => check(config, look) }),
});

interface Reply {
  code: number;
  lines: readonly string[];
}

/** A whole reply, of one line or several (`250-…`, `250 …`); null when it is none. */
const reply: Reader<Reply | null> = (bytes) => {
  // One character a byte until the end is found; names in UTF-8 are read after.
  const text = bytes.toString('latin1');
  const lines: string[] = [];
  let at = 0;
  for (let end = text.indexOf('\n', at); end >= 0; end = text.indexOf('\n', at)) {
    const line = text.slice(at, end).replace(/\r$/, '');
    at = end + 1;
    const parts = /^([2-5]\d\d)(?:([ -])(.*))?$/.exec(line);
    if (!parts) return { value: null, size: bytes.length };
    lines.push(Buffer.from(parts[3] ?? '', 'latin1').toString('utf8'));
    if (parts[2] !== '-') return { value: { code: Number(parts[1]), lines }, size: at };
  }
  return undefined;
};

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config, maxBytes: 16_384 }, async (wire) => {
    if (config.tls) await wire.secure();
    const banner = await wire.receive(reply);
    const evidence: Record<string, unknown> = { banner: excerpt(banner?.lines.join('\n') ?? '') };
    const outcome = unexpected(banner, 220) ?? (await greet(wire, { config, evidence }));
    if (outcome === null || outcome.kind === 'fail') await wire.end('QUIT\r\n');
    return { outcome: outcome ?? { kind: 'pass' }, evidence };
  });
}

interface Greeting {
  config: Config;
  evidence: Record<string, unknown>;
}

/** Null when everything went as it should. */
async function greet(wire: Wire, { config, evidence }: Greeting): Promise<Said['outcome'] | null> {
  const hello = await ask(wire, `EHLO ${config.hello}`);
  const wrong = unexpected(hello, 250);
  if (wrong) return wrong;
  evidence.capabilities = hello?.lines.slice(1, 40).map((line) => line.slice(0, 80));
  if (config.tls || config.starttls === 'never') return null;
  const offers = hello?.lines.some((line) => /^STARTTLS$/i.test(line.trim())) ?? false;
  if (!offers) return config.starttls === 'required' ? failed('tls', 'SMTP: STARTTLS ∅') : null;
  const ready = await ask(wire, 'STARTTLS');
  if (ready?.code !== 220) return failed('tls', `SMTP STARTTLS: ${shownReply(ready)} ≠ 220`);
  // Anything said before the handshake could have been put there by someone in between.
  if (wire.unread() > 0) return failed('tls', 'SMTP: plain bytes before TLS');
  await wire.secure();
  return unexpected(await ask(wire, `EHLO ${config.hello}`), 250);
}

function ask(wire: Wire, command: string): Promise<Reply | null> {
  wire.send(`${command}\r\n`);
  return wire.receive(reply);
}

function unexpected(got: Reply | null, code: number): Said['outcome'] | null {
  if (got === null) return failed('assertion', 'not SMTP');
  if (got.code === code) return null;
  // 421 and 450 to 452: come back later.
  return failed(got.code === 421 ? 'throttled' : 'status', `SMTP ${shownReply(got)} ≠ ${code}`);
}

const shownReply = (got: Reply | null): string => (got === null ? '∅' : excerpt(`${got.code} ${got.lines.at(-1) ?? ''}`.trim()));
