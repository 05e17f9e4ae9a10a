import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { excerpt } from './excerpt.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Reader, shownAddress, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const shape = { ...probeShape, ...wireShape, address: addressText(6379), tls: z.boolean().default(false) };
type Config = z.output<z.ZodObject<typeof shape>>;

/** PING without a login: a server that asks who we are is there and answers. */
export const redis = defineKind({
  kind: 'redis',
  label: { 'zh-CN': 'Redis 应答', en: 'Redis answers' },
  fields: [...probeFields, addressField('cache.example:6379'), ...wireFields.fromStart],
  shape,
  make: (config) => readyProbe(config, { kind: 'redis', target: shownAddress(config.address), check: (look) => check(config, look) }),
});

const line: Reader<string> = (bytes) => {
  const end = bytes.indexOf('\r\n');
  return end < 0 ? undefined : { value: bytes.toString('utf8', 0, end), size: end + 2 };
};

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config, maxBytes: 4_096 }, async (wire) => {
    if (config.tls) await wire.secure();
    wire.send('*1\r\n$4\r\nPING\r\n');
    const answer = await wire.receive(line);
    const evidence = { answer: excerpt(answer.slice(0, 200)) };
    return { outcome: judge(answer), evidence };
  });
}

/** An answer that only asks for a login is a good one: the probe carries no password. */
function judge(answer: string): Sight['outcome'] {
  if (answer === '+PONG' || /^-(NOAUTH|NOPERM)\b/.test(answer)) return { kind: 'pass' };
  const shown = excerpt(answer.slice(0, 120));
  if (/^-ERR max number of clients/.test(answer)) return failed('throttled', `Redis: ${shown}`);
  if (answer.startsWith('-')) return failed('status', `Redis: ${shown}`);
  return failed('assertion', `Redis: ${shown} ≠ +PONG`);
}
