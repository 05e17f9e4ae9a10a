import { z } from 'zod';
import { buildKind, type Field, type KindParse } from '#lib/kinds.ts';
import { apacheError } from './apache-error.ts';
import { auth } from './auth.ts';
import { awsAlb } from './aws-alb.ts';
import { caddy } from './caddy.ts';
import { combined } from './combined.ts';
import { insideContainer } from './container.ts';
import { insideSyslog, readsEnvelope } from './envelope.ts';
import { envoy } from './envoy.ts';
import { withExceptions } from './exception.ts';
import { containers, continuations, type Format } from './format.ts';
import { haproxy } from './haproxy.ts';
import { iisEvent } from './iis-event.ts';
import { json } from './json.ts';
import { apache, nginx } from './log-format.ts';
import { log4j } from './log4j.ts';
import { logfmt } from './logfmt.ts';
import { nginxError } from './nginx-error.ts';
import { openstack } from './openstack.ts';
import { regex } from './regex.ts';
import { syslog } from './syslog.ts';
import { traefik } from './traefik.ts';
import { w3c } from './w3c.ts';

/** Every log format; a new one is a file, its test and a line here. */
export const formats = [combined, nginx, apache, nginxError, apacheError, w3c, iisEvent, haproxy, traefik, caddy, envoy, awsAlb, json, logfmt, log4j, openstack, regex, auth, syslog] as const;
export const formatField: Field = {
  id: 'format',
  label: { 'zh-CN': '格式', en: 'Format' },
  input: 'kind',
  required: true,
  variants: formats.map(({ kind, label, fields }) => ({ key: kind, label, fields })),
};
export const formatNames = formats.map((format) => format.kind);

const joining = z.object({ multiline: z.enum([...continuations, 'none']).optional(), container: z.enum(containers).optional(), envelope: z.literal('syslog').optional() });

/** `{ kind: 'combined', zone: 'Asia/Shanghai' }` → a ready format, or what is wrong with it; any may be told how its lines are joined or that syslog brings them. */
export function buildFormat({ multiline, container, envelope, ...own }: Record<string, unknown>): KindParse<Format> {
  const built = buildKind<Format, void>(formats, own, undefined);
  if (multiline === undefined && container === undefined && envelope === undefined) return built.ok ? { ...built, ready: joinable(built.ready) } : built;
  const joined = joining.safeParse({ multiline, container, envelope });
  if (!built.ok || !joined.success) return { ok: false, issues: [...(built.ok ? [] : built.issues), ...(joined.success ? [] : joined.error.issues)] };
  const { data } = joined;
  const format = data.multiline === undefined ? built.ready : { ...built.ready, multiline: data.multiline === 'none' ? undefined : data.multiline };
  const whole = joinable(format);
  return { ok: true, ready: brought(whole, { ...data, zone: textOf(own.zone), year: typeof own.year === 'number' ? own.year : undefined }), config: { ...built.config, ...data } };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Lines as whoever brings them wraps them. */
function brought(format: Format, { container, envelope, zone, year }: z.output<typeof joining> & { zone: string | undefined; year: number | undefined }): Format {
  if (container) return insideContainer(format, container);
  return envelope && !readsEnvelope.has(format.kind) ? insideSyslog(format, { zone, year }) : format;
}

/** Where an event may be of several lines it may hold a stack trace. */
const joinable = (format: Format): Format => (format.multiline === undefined ? format : withExceptions(format));
