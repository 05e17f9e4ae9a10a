import type { Failure, Phases } from '#collector/check.ts';
import { durationMs } from '#lib/time.ts';
import type { Answer } from './answer.ts';
import { readBody } from './excerpt.ts';
import { basicCredentials } from './http-shape.ts';
import { type Line, type LineOptions, openLine, RefusedAddress, type Stage } from './line.ts';
import type { Look } from './probe.ts';

/** One HTTP request and its answer over a line, with what it cost. */

export interface Request {
  method: string;
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string | null;
  maxBodyBytes: number;
}

export type Exchange =
  | { ok: true; answer: Answer; phases: Phases; setCookies: readonly string[]; address: string | null }
  | { ok: false; outcome: { kind: 'fail'; failure: Failure } | { kind: 'unknown'; reason: string }; phases: Phases; address: string | null };

/** Lines by origin: one each for a check, kept over the steps of a journey as a browser would. */
export interface Lines {
  to(origin: string): Line;
  close(): void;
}

function openLines(options: LineOptions): Lines {
  const lines = new Map<string, Line>();
  return {
    to(origin) {
      const line = lines.get(origin) ?? openLine(origin, options);
      lines.set(origin, line);
      return line;
    },
    close() {
      for (const line of lines.values()) line.close();
    },
  };
}

/** What http probes of every kind say about connecting. */
interface ConnectConfig {
  verify_certificate: boolean;
  ca?: string | undefined;
  metadata_addresses: 'refuse' | 'allow';
}

/** The lines of one look. */
export function linesOf({ clock, vantage, attempt }: Look, config: ConnectConfig, dialing?: LineOptions['dialing']): Lines {
  return openLines({
    clock,
    sourceAddress: vantage.sourceAddress,
    verifyCertificate: config.verify_certificate,
    ca: config.ca ?? null,
    allowMetadata: config.metadata_addresses === 'allow',
    attempt,
    ...(dialing && { dialing }),
  });
}

export interface Watch {
  lines: Lines;
  clock: LineOptions['clock'];
  signal: AbortSignal;
}

/** Never throws for what a network can do; a failure says in which phase it happened. */
export async function exchange(request: Request, { lines, clock, signal }: Watch): Promise<Exchange> {
  const line = lines.to(request.url.origin);
  const startedAt = clock.elapsed();
  const own: Partial<Record<Stage, number>> = {};
  let headAt: number | null = null;
  const onHead = () => {
    headAt = clock.elapsed();
    own.firstByte = headAt - Math.max(startedAt, line.readyAt() ?? startedAt);
  };
  try {
    const aim = line.aim(request.url);
    const wire = { method: request.method, path: aim.path, headers: { ...headersOf(request), ...aim.headers }, body: request.body, maxBytes: request.maxBodyBytes };
    const response = await line.send(wire, { signal, onHead });
    own.body = clock.elapsed() - (headAt ?? startedAt);
    const phases = { ...line.takePhases(), ...own };
    const at = clock.now();
    const headers = flatHeaders(response.headers);
    const until = line.peer().certificateUntil;
    return {
      ok: true,
      answer: answerOf({
        status: response.status,
        headers,
        ...readBody({ bytes: response.bytes, headers }, request.maxBodyBytes),
        certificateLeftMs: until === null ? null : durationMs(until.getTime() - at),
        at,
        phases,
      }),
      phases,
      setCookies: [response.headers['set-cookie'] ?? []].flat(),
      address: line.peer().address,
    };
  } catch (error) {
    const stage = headAt === null ? line.stage() : 'body';
    line.abandon();
    return { ok: false, outcome: explain(error, { stage, signal }), phases: { ...line.takePhases(), ...own }, address: line.peer().address };
  }
}

function headersOf(request: Request): Record<string, string> {
  const credentials = basicCredentials(request.url);
  return { accept: '*/*', 'accept-encoding': 'gzip, br', ...(credentials === null ? {} : { authorization: credentials }), ...request.headers };
}

function flatHeaders(raw: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(raw).flatMap(([name, value]) => (value === undefined || name === 'set-cookie' ? [] : [[name, [value].flat().join(', ')]])));
}

function answerOf(parts: Omit<Answer, 'json'>): Answer {
  let parsed: { value: unknown } | null = null;
  return {
    ...parts,
    json() {
      parsed ??= { value: parseJson(parts.body) };
      return parsed.value;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The prober's own trouble says nothing about the target. */
const ownTrouble = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENETDOWN', 'ENETUNREACH', 'ENOBUFS', 'ENOMEM']);
const stageWords: Readonly<Record<Stage, string>> = { dns: 'DNS', connect: 'TCP', tls: 'TLS', firstByte: 'first byte', body: 'body' };

/** What an error of the network means, by the stage it happened in. */
export function explain(error: unknown, { stage, signal }: { stage: Stage; signal: AbortSignal }): { kind: 'fail'; failure: Failure } | { kind: 'unknown'; reason: string } {
  if (signal.aborted) return { kind: 'fail', failure: { kind: 'timeout', reason: `timeout: ${stageWords[stage]}` } };
  const { code, message } = rootOf(error);
  if (error instanceof RefusedAddress) return { kind: 'unknown', reason: `${error.message}; metadata_addresses: allow` };
  if (ownTrouble.has(code)) return { kind: 'unknown', reason: `${code} (prober)` };
  const kind = stage === 'dns' ? 'dns' : stage === 'tls' ? 'tls' : 'connect';
  return { kind: 'fail', failure: { kind, reason: `${stageWords[stage]}: ${code === '' ? message : code}` } };
}

/** Happy-eyeballs wraps one error per address; the first explains it. */
function rootOf(error: unknown): { code: string; message: string } {
  const first = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return { code: '', message: String(first) };
  return { code: 'code' in first && typeof first.code === 'string' ? first.code : '', message: first.message.slice(0, 200) };
}
