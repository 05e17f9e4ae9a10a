import type { RE2JS } from 're2js';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { regexText } from './compare.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Reader, shownAddress, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const exchange = z.strictObject({ send: z.string().max(10_000).optional(), expect: regexText.optional() });
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
      input: 'items',
      required: false,
      variants: [
        {
          key: '',
          label: { 'zh-CN': '一来一回', en: 'Exchange' },
          fields: [
            { id: 'send', label: { 'zh-CN': '发送', en: 'Send' }, input: 'long', required: false },
            { id: 'expect', label: { 'zh-CN': '等到（正则）', en: 'Wait for (expression)' }, input: 'text', required: false },
          ],
        },
      ],
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
      heard = '';
      try {
        await wire.receive(
          until(expect, (text) => {
            heard = text;
          }),
        );
      } catch (error) {
        // It spoke, and never said what it should; of a silent peer the connection tells more.
        if (heard === '') throw error;
        return { outcome: failed('assertion', `${excerpt(heard.slice(-120))} ≠ ${expect.pattern()}`), evidence: { expected: expect.pattern(), got: excerpt(heard.slice(-500)) } };
      }
    }
    return { outcome: { kind: 'pass' }, evidence: heard === '' ? {} : { answer: excerpt(heard.slice(0, 200)) } };
  });
}

/** Everything up to and with what was waited for; an answer may come in any number of pieces. */
function until(expect: RE2JS, hear: (text: string) => void): Reader<true> {
  return (bytes) => {
    const text = bytes.toString('utf8');
    hear(text);
    return expect.matcher(text).find() ? { value: true, size: bytes.length } : undefined;
  };
}
