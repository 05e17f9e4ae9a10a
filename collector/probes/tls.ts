import { isIP } from 'node:net';
import { type ConnectionOptions, type PeerCertificate, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { durationText } from '#lib/schema.ts';
import { type DurationMs, durationMs, formatDuration, iso, unixMs } from '#lib/time.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Said, shownAddress, type Wire, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const protocols = ['TLSv1.2', 'TLSv1.3'] as const;
const twoWeeks = durationMs(14 * 86_400_000);
const shape = {
  ...probeShape,
  ...wireShape,
  interval: probeShape.interval.unwrap().default(durationMs(3_600_000)),
  address: addressText(443),
  /** The name asked for and held against the certificate. */
  server_name: z.string().min(1).max(253).optional(),
  certificate_valid_for: durationText.default(twoWeeks),
  /** Less left than this counts as slow. */
  warn_below: durationText.optional(),
  min_protocol: z.enum(protocols).default('TLSv1.2'),
  ocsp_staple: z.enum(['ignore', 'required']).default('ignore'),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** The certificate as a browser would judge it: its chain, its name, the days it has left, and the protocol spoken. */
export const tls = defineKind({
  kind: 'tls',
  label: { 'zh-CN': '证书', en: 'Certificate' },
  fields: [
    ...probeFields,
    addressField('invoice.example:443'),
    { id: 'server_name', label: { 'zh-CN': '主机名', en: 'Server name' }, input: 'text', required: false, help: { 'zh-CN': '默认取地址里的主机名', en: 'The host of the address by default' } },
    ...wireFields.certificate,
    {
      id: 'min_protocol',
      label: { 'zh-CN': '最低协议', en: 'Least protocol' },
      input: 'select',
      required: false,
      options: protocols.map((value) => ({ value, label: { 'zh-CN': value, en: value } })),
    },
    {
      id: 'warn_below',
      label: { 'zh-CN': '少于多久提醒', en: 'Warning below' },
      input: 'duration',
      required: false,
      help: { 'zh-CN': '例如 30d；更短记为慢', en: 'For example 30d; less counts as slow' },
    },
    {
      id: 'ocsp_staple',
      label: { 'zh-CN': 'OCSP 装订', en: 'OCSP staple' },
      input: 'select',
      required: false,
      options: [
        { value: 'ignore', label: { 'zh-CN': '不看', en: 'Ignored' } },
        { value: 'required', label: { 'zh-CN': '必须有', en: 'Required' } },
      ],
    },
  ],
  shape,
  agree: ({ certificate_valid_for, warn_below }) =>
    warn_below === undefined || warn_below >= certificate_valid_for
      ? []
      : [{ path: ['warn_below'], message: 'is shorter than certificate_valid_for, so it would never warn', hint: 'for example certificate_valid_for: 14d, warn_below: 30d' }],
  make: (config) => readyProbe(config, { kind: 'tls', target: shownAddress(config.address), check: (look) => check(config, look) }),
});

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config: { ...config, certificate_valid_for: undefined }, maxBytes: 1, ownClient: true }, async (wire) => {
    const { socket, stapled, error } = await handshake(config, { look, wire });
    try {
      return judge(config, { socket, stapled, error, now: look.clock.now() });
    } finally {
      socket.destroy();
    }
  });
}

interface Shaken {
  socket: TLSSocket;
  stapled: boolean;
  /** Why the chain or the name is not to be trusted. */
  error: Error | null;
}

/** Shakes hands also with a certificate that is not to be trusted, so that it can be told what is wrong with it. */
function handshake({ address, server_name, ca, ocsp_staple }: Config, { look, wire }: { look: Look; wire: Wire }): Promise<Shaken> {
  const name = server_name ?? address.host;
  wire.reached('tls');
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: wire.socket(),
      host: name,
      rejectUnauthorized: false,
      requestOCSP: ocsp_staple === 'required',
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(ca === undefined ? {} : { ca }),
    } as ConnectionOptions);
    let stapled = false;
    socket.on('OCSPResponse', (response) => {
      stapled = response !== null && response.length > 0;
    });
    socket.once('secureConnect', () => resolve({ socket, stapled, error: socket.authorizationError ?? null }));
    socket.on('error', reject);
    look.signal.addEventListener('abort', () => reject(look.signal.reason), { once: true });
  });
}

function judge(config: Config, { socket, stapled, error, now }: Shaken & { now: number }): Said {
  const certificate = socket.getPeerCertificate(true);
  const protocol = socket.getProtocol() ?? '';
  const until = Date.parse(certificate.valid_to ?? '');
  const left = durationMs(until - now);
  const evidence = {
    protocol,
    subject: certificate.subject?.CN,
    issuer: certificate.issuer?.CN,
    names: certificate.subjectaltname?.slice(0, 500),
    fingerprint: certificate.fingerprint256,
    chain: chainOf(certificate),
    ...(Number.isNaN(until) ? {} : { certificateUntil: iso(unixMs(until)), daysLeft: Math.floor(left / 86_400_000) }),
  };
  return { outcome: outcomeOf(config, { left, protocol, stapled, error }), evidence };
}

function outcomeOf(config: Config, { left, protocol, stapled, error }: { left: DurationMs; protocol: string; stapled: boolean; error: Error | null }): Said['outcome'] {
  // Expired says more than the chain's verdict, which is the same then.
  if (left <= 0) return failed('tls', `certificate expired ${formatDuration(durationMs(-left))} ago`);
  if (error && config.verify_certificate) return failed('tls', `TLS: ${(error as Error & { code?: string }).code ?? String(error.message ?? error)}`);
  if (!(left >= config.certificate_valid_for)) return failed('tls', `certificate ${formatDuration(left)} < ${formatDuration(config.certificate_valid_for)}`);
  if (protocol < config.min_protocol) return failed('tls', `${protocol} < ${config.min_protocol}`);
  if (config.ocsp_staple === 'required' && !stapled) return failed('tls', 'no OCSP staple');
  if (config.warn_below !== undefined && left < config.warn_below) return { kind: 'slow', reason: `certificate ${formatDuration(left)} < ${formatDuration(config.warn_below)}` };
  return { kind: 'pass' };
}

/** The names of the chain's certificates, the server's first; a root names itself as its issuer. */
function chainOf(first: PeerCertificate & { issuerCertificate?: PeerCertificate }): string[] {
  const names: string[] = [];
  const seen = new Set<string>();
  for (
    let one: (PeerCertificate & { issuerCertificate?: PeerCertificate }) | undefined = first;
    one?.fingerprint256 && !seen.has(one.fingerprint256) && names.length < 10;
    one = one.issuerCertificate
  ) {
    seen.add(one.fingerprint256);
    names.push(String(one.subject?.CN ?? one.subject?.O ?? '∅'));
  }
  return names;
}
