import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import { type IngestAnswer, IngestError, type IngestRequest, keep, mediaType, mostRows, parseJson, retryAfterSeconds, unpacked } from './ingest.ts';
import { readLogs } from './otlp-logs.ts';
import { readMetrics } from './otlp-metrics.ts';
import { logsShape, metricsShape } from './otlp-shape.ts';
import { readMessage, WireError, writeField } from './protobuf.ts';
import { createRepeats } from './repeats.ts';
import type { SourceHealth } from './source.ts';
import { createCounters } from './source-counters.ts';

/** OTLP over HTTP: logs and metrics, as protobuf or JSON, kept whole or refused. */
export interface OtlpIngest {
  logs(request: IngestRequest): Promise<IngestAnswer>;
  metrics(request: IngestRequest): Promise<IngestAnswer>;
  health(): SourceHealth;
}

const protobuf = 'application/x-protobuf';
const json = 'application/json';
const source = 'otlp';

interface Partial {
  /** As the answer calls it. */
  name: 'rejectedLogRecords' | 'rejectedDataPoints';
  rejected: number;
  reason: string;
}

interface Asked {
  request: IngestRequest;
  type: string;
}

export function createOtlp({ spool, clock }: { spool: Spool; clock: Clock }): OtlpIngest {
  const counters = createCounters({ id: source, kind: source, clock });
  const repeats = createRepeats();
  const limit = (rows: number): void => {
    if (rows > mostRows) throw new IngestError(413, `${rows} rows in one request: at most ${mostRows}`);
  };
  const logs = async (body: unknown, { request, type }: Asked): Promise<IngestAnswer> => {
    const { rows, masked, dated } = readLogs(body, { source, now: clock.now() });
    limit(rows.length);
    const store = async (): Promise<IngestAnswer> => {
      if (rows.length > 0) await keep({ kind: 'logs', rows }, { spool, clock });
      counters.add({ lines: rows.length, events: rows.length, masked });
      return accepted(type, { name: 'rejectedLogRecords', rejected: 0, reason: '' });
    };
    if (!dated) return store();
    const { answer, repeated } = await repeats.once(request.body, store);
    if (repeated) counters.add({ duplicates: rows.length });
    return answer;
  };
  const metrics = async (body: unknown, { type }: Asked): Promise<IngestAnswer> => {
    const { rows, points, rejected, reason } = readMetrics(body, clock.now());
    limit(rows.length);
    if (rows.length > 0) await keep({ kind: 'samples', rows }, { spool, clock });
    counters.add({ lines: points, events: points - rejected, dropped: rejected });
    return accepted(type, { name: 'rejectedDataPoints', rejected, reason });
  };
  const answering = (shape: typeof logsShape, take: (body: unknown, asked: Asked) => Promise<IngestAnswer>) => async (request: IngestRequest) => {
    const type = mediaType(request.contentType);
    try {
      if (type !== protobuf && type !== json) throw new IngestError(415, `content-type ${type.slice(0, 60) || '(none)'} is not understood: send ${protobuf} or ${json}`);
      const bytes = await unpacked(request);
      const answer = await take(type === json ? parseJson(bytes) : readMessage(bytes, shape), { request, type });
      counters.recovered();
      return answer;
    } catch (error) {
      const known = error instanceof WireError ? new IngestError(400, `not a message of OTLP: ${error.message}`) : error;
      if (!(known instanceof IngestError)) throw known;
      counters.fail(known);
      if (known.status !== 503) counters.add({ malformed: 1 });
      return refused(type, known);
    }
  };
  return { logs: answering(logsShape, logs), metrics: answering(metricsShape, metrics), health: () => counters.health({ open: 0, lagMs: 0 }) };
}

function accepted(type: string, { name, rejected, reason }: Partial): IngestAnswer {
  if (type === json) return { status: 200, contentType: json, body: JSON.stringify(rejected === 0 ? {} : { partialSuccess: { [name]: String(rejected), errorMessage: reason } }) };
  const body = rejected === 0 ? Buffer.alloc(0) : writeField(1, Buffer.concat([writeField(1, rejected), writeField(2, reason)]));
  return { status: 200, contentType: protobuf, body: new Uint8Array(body) };
}

/** google.rpc.Code of each answer. */
const codes = { 400: 3, 413: 8, 415: 3, 503: 14 } as const;

/** A google.rpc.Status, in the type that was sent. */
function refused(type: string, { status, message }: IngestError): IngestAnswer {
  const code = codes[status];
  const body = type === protobuf ? new Uint8Array(Buffer.concat([writeField(1, code), writeField(2, message)])) : JSON.stringify({ code, message });
  return { status, contentType: type === protobuf ? protobuf : json, body, ...(status === 503 && { retryAfterSeconds }) };
}

/** For who never comes to see what was sent. */
export const otlpRefusal = (contentType: string, error: IngestError): IngestAnswer => refused(mediaType(contentType), error);
