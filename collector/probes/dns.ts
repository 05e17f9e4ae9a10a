import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { isRefused } from './guard.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { failed } from './wire.ts';

const recordTypes = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
const rcodes = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'FORMERR', 'NOTIMP'] as const;
type Rcode = (typeof rcodes)[number];

const resolverText = z.string().refine((text) => isIP(text) !== 0 || isIP(/^\[(.+)\]:\d{1,5}$/.exec(text)?.[1] ?? /^(.+):\d{1,5}$/.exec(text)?.[1] ?? '') !== 0, {
  message: 'not the address of a resolver',
  params: { hint: 'for example 10.0.0.53 or 10.0.0.53:5353' },
});
const shape = {
  ...probeShape,
  name: z.string().min(1).max(253),
  record: z.enum(recordTypes).default('A'),
  /** The system's when left out. */
  resolver: resolverText.optional(),
  rcode: z.enum(rcodes).default('NOERROR'),
  /** Every one of these must be among the answers; with `exact` there may be no other. */
  answers: z.array(z.string().min(1).max(1_000)).max(50).default([]),
  /** At least one of these must be among the answers. */
  any_of: z.array(z.string().min(1).max(1_000)).max(50).default([]),
  exact: z.boolean().default(false),
  /** The name is known and has no such record. */
  empty: z.boolean().default(false),
  metadata_addresses: z.enum(['refuse', 'allow']).default('refuse'),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** What a resolver says of a name: the code of its answer and the records. */
export const dns = defineKind({
  kind: 'dns',
  label: { 'zh-CN': '域名解析', en: 'DNS' },
  fields: [
    ...probeFields,
    { id: 'name', label: { 'zh-CN': '域名', en: 'Name' }, input: 'text', required: true },
    { id: 'record', label: { 'zh-CN': '记录类型', en: 'Record' }, input: 'select', required: false, options: recordTypes.map((value) => ({ value, label: { 'zh-CN': value, en: value } })) },
    { id: 'resolver', label: { 'zh-CN': '解析服务器', en: 'Resolver' }, input: 'text', required: false, help: { 'zh-CN': '默认用系统的', en: "The system's by default" } },
    { id: 'rcode', label: { 'zh-CN': '应答码', en: 'Response code' }, input: 'select', required: false, options: rcodes.map((value) => ({ value, label: { 'zh-CN': value, en: value } })) },
    { id: 'answers', label: { 'zh-CN': '应含的记录', en: 'Answers to be there' }, input: 'list', required: false },
    { id: 'any_of', label: { 'zh-CN': '至少含其一', en: 'At least one of these' }, input: 'list', required: false },
    { id: 'exact', label: { 'zh-CN': '不得有其他记录', en: 'And no others' }, input: 'switch', required: false },
    { id: 'empty', label: { 'zh-CN': '应无此类记录', en: 'No such record expected' }, input: 'switch', required: false },
  ],
  shape,
  agree: ({ empty, exact, answers, any_of, rcode }) => {
    const said = answers.length + any_of.length > 0;
    const complaint = (path: string, message: string, hint: string) => ({ path: [path], message, hint });
    return [
      ...(empty && (said || rcode !== 'NOERROR') ? [complaint('empty', 'no record can be expected and asked for at once', 'leave answers, any_of and rcode out')] : []),
      ...(exact && !said ? [complaint('exact', 'there is nothing the answers could be held against', 'write answers or any_of, or empty: true')] : []),
    ];
  },
  make: (config) => readyProbe(config, { kind: 'dns', target: `${config.name} ${config.record}${config.resolver ? ` @${config.resolver}` : ''}`, check: (look) => check(config, look) }),
});

/** The codes of answers by the names the resolver library has for them. */
const rcodeOf: Readonly<Record<string, Rcode>> = { ENOTFOUND: 'NXDOMAIN', ENODATA: 'NOERROR', ESERVFAIL: 'SERVFAIL', EREFUSED: 'REFUSED', EFORMERR: 'FORMERR', ENOTIMP: 'NOTIMP' };

async function check(config: Config, { clock, signal, vantage }: Look): Promise<Sight> {
  const host = config.resolver?.replace(/^\[|\](:\d+)?$/g, '').replace(/^([\d.]+):\d+$/, '$1');
  if (host && config.metadata_addresses === 'refuse' && isRefused(host)) return { outcome: { kind: 'unknown', reason: `${host} is a metadata or link-local address` }, phases: {}, evidence: {} };
  // Its own patience is longer than ours: the watch decides.
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (config.resolver) resolver.setServers([config.resolver]);
  if (vantage.sourceAddress !== null) resolver.setLocalAddress(...(isIP(vantage.sourceAddress) === 6 ? (['0.0.0.0', vantage.sourceAddress] as const) : ([vantage.sourceAddress] as const)));
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const startedAt = clock.elapsed();
  try {
    const answers = textsOf(await resolver.resolve(config.name, config.record));
    return {
      outcome: judge(config, { rcode: 'NOERROR', answers }),
      phases: { dns: clock.elapsed() - startedAt },
      evidence: { rcode: 'NOERROR', answers: answers.slice(0, 20), servers: resolver.getServers() },
    };
  } catch (error) {
    const phases = { dns: clock.elapsed() - startedAt };
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const rcode = rcodeOf[code];
    if (rcode) return { outcome: judge(config, { rcode, answers: [] }), phases, evidence: { rcode, servers: resolver.getServers() } };
    const outcome = signal.aborted || code === 'ETIMEOUT' ? failed('timeout', 'timeout: no answer from the resolver') : failed('dns', `DNS: ${code || String(error)}`);
    return { outcome, phases, evidence: { servers: resolver.getServers() } };
  } finally {
    signal.removeEventListener('abort', cancel);
    resolver.cancel();
  }
}

function judge({ rcode: wanted, answers: needed, any_of: oneOf, exact, empty, record }: Config, { rcode, answers }: { rcode: Rcode; answers: readonly string[] }): Sight['outcome'] {
  if (rcode !== wanted) return failed('dns', `${rcode} ≠ ${wanted}`);
  if (empty) return answers.length === 0 ? { kind: 'pass' } : failed('mismatch', `unexpected ${answers.join(', ')}`);
  if (wanted === 'NOERROR' && answers.length === 0) return failed('dns', `no ${record} record`);
  const bare = (text: string): string => text.toLowerCase().replace(/\.$/, '');
  const got = new Set(answers.map(bare));
  const missing = needed.filter((answer) => !got.has(bare(answer)));
  if (missing.length > 0) return failed('mismatch', `${missing.join(', ')} ∉ ${answers.join(', ')}`);
  if (oneOf.length > 0 && !oneOf.some((answer) => got.has(bare(answer)))) return failed('mismatch', `none of ${oneOf.join(', ')} ∈ ${answers.join(', ')}`);
  const allowed = new Set([...needed, ...oneOf].map(bare));
  const others = exact ? answers.filter((answer) => !allowed.has(bare(answer))) : [];
  return others.length > 0 ? failed('mismatch', `unexpected ${others.join(', ')}`) : { kind: 'pass' };
}

/** Each record as people write it: `10 mail.example`, `0 5 443 host.example`. */
function textsOf(records: unknown): string[] {
  return [records].flat().map((record) => {
    if (typeof record === 'string') return record;
    if (Array.isArray(record)) return record.join('');
    const { priority, exchange, weight, port, name, nsname, hostmaster, serial } = record as Record<string, string | number | undefined>;
    if (exchange !== undefined) return `${priority} ${exchange}`;
    if (port !== undefined) return `${priority} ${weight} ${port} ${name}`;
    if (nsname !== undefined) return `${nsname} ${hostmaster} ${serial}`;
    return Object.entries(record as Record<string, unknown>)
      .map(([key, value]) => `${key} ${String(value)}`)
      .join(' ');
  });
}
