import { RE2JS } from 're2js';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Reader, shownAddress, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

/** Linear in what it reads, whatever the pattern. */
const pattern = z
  .string()
  .max(1_000)
  .transform((text, context) => {
    try {
      return RE2JS.compile(text);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `"${text}" is not a regular expression: ${error instanceof Error ? error.message : String(error)}`,
        params: { hint: 'RE2 syntax, without back references' },
      });
      return z.NEVER;
    }
  });
const exchange = z.strictObject({ send: z.string().max(10_000).optional(), expect: pattern.optional() });
const shape = { ...probeShape, ...wireShape, address: addressText(null), tls: z.boolean().default(false), talk: z.array(exchange).max(20).default([]) };
type Config = z.output<z.ZodObject<typeof shape>>;

/** A connection, and if wanted a conversation: what is sent, and what must come before the next is. */
export const tcp = defineKind({
  kind: 'tcp',
  label: { 'zh-CN': 'TCP 连接', en: 'TCP connection' },
  fields: [
    ...probeFields,
    addressField('gateway.example:9000'),
    ...wireFields.fromStart,
    {
      id: 'talk',
      label: { 'zh-CN': '对话', en: 'Conversation' },
      input: 'list',
      required: false,
      help: { 'zh-CN': '例如 { send: "PING\\r\\n", expect: "^PONG" }', en: 'For example { send: "PING\\r\\n", expect: "^PONG" }' },
    },
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'tcp', target: shownAddress(config.address), check: (look) => check(config, look) }),
});

const mostBytes = 65_536;

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config, maxBytes: mostBytes }, async (wire) => {
    if (config.tls) await wire.secure();
    let heard = '';
    for (const { send, expect } of config.talk) {
      if (send !== undefined) wire.send(send);
      if (!expect) continue;
      const found = await wire.receive(until(expect));
      heard = found.text;
      // A peer that has said enough without it will not say it any more.
      if (!found.matches) return { outcome: failed('assertion', `${excerpt(heard.slice(-120))} ≠ ${expect.pattern()}`), evidence: { expected: expect.pattern(), got: excerpt(heard.slice(-500)) } };
    }
    return { outcome: { kind: 'pass' }, evidence: heard === '' ? {} : { answer: excerpt(heard.slice(0, 200)) } };
  });
}

/** Everything up to the line end behind the match; a whole line that does not match is not waited beyond. */
function until(expect: RE2JS): Reader<{ text: string; matches: boolean }> {
  return (bytes) => {
    const text = bytes.toString('utf8');
    if (expect.matcher(text).find()) return { value: { text, matches: true }, size: bytes.length };
    return bytes.length >= mostBytes || /\n$/.test(text) ? { value: { text, matches: false }, size: bytes.length } : undefined;
  };
}
