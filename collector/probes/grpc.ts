import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { excerpt } from './excerpt.ts';
import { healthRequest, healthResponse } from './grpc-health.ts';
import { headerMap, headersField, lookHeaders, wireHeaders } from './http-shape.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { addressText, failed, overWire, type Said, shownAddress, type Wire, wireShape } from './wire.ts';
import { addressField, wireFields } from './wire-fields.ts';

const shape = {
  ...probeShape,
  ...wireShape,
  address: addressText(null),
  tls: z.boolean().default(false),
  /** Whose health is asked for; empty is the server as a whole. */
  grpc_service: z.string().max(300).default(''),
  metadata: headerMap.default({}),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** One call of grpc.health.v1.Health/Check. */
export const grpc = defineKind({
  kind: 'grpc',
  label: { 'zh-CN': 'gRPC 健康检查', en: 'gRPC health' },
  fields: [
    ...probeFields,
    addressField('grpc.example:9000'),
    {
      id: 'grpc_service',
      label: { 'zh-CN': 'gRPC 服务名', en: 'gRPC service' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '留空则询问整个服务器', en: 'Left empty, the server as a whole is asked for' },
    },
    { ...headersField, id: 'metadata', label: { 'zh-CN': '元数据', en: 'Metadata' } },
    ...wireFields.fromStart,
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'grpc', target: `${shownAddress(config.address)}${config.grpc_service === '' ? '' : `/${config.grpc_service}`}`, check: (look) => check(config, look) }),
});

const longestAnswer = 65_536;

function check(config: Config, look: Look): Promise<Sight> {
  return overWire({ to: config.address, look, config, maxBytes: longestAnswer, ownClient: true }, async (wire) => {
    if (config.tls) {
      await wire.secure({ protocols: ['h2'] });
      if (wire.agreed() !== 'h2') return { outcome: failed('tls', 'ALPN: h2 ∅'), evidence: {} };
    }
    return judge(await call(wire, { config, look }), config);
  });
}

interface Answer {
  httpStatus: number;
  /** Of the trailers, or of the head when there is nothing else. */
  grpcStatus: number | null;
  grpcMessage: string;
  bytes: Buffer;
}

async function call(wire: Wire, { config, look }: { config: Config; look: Look }): Promise<Answer> {
  const scheme = config.tls ? 'https' : 'http';
  const session = connect(`${scheme}://${shownAddress(config.address)}`, { createConnection: (): Socket => wire.socket(), settings: { enablePush: false } });
  try {
    return await exchange(session, { wire, config, look });
  } finally {
    session.destroy();
  }
}

function exchange(session: ClientHttp2Session, { wire, config, look }: { wire: Wire; config: Config; look: Look }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { signal } = look;
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    session.on('error', reject);
    session.once('close', () => reject(new Error('closed')));
    const stream = session.request(headersOf(config, look));
    const answer: Answer = { httpStatus: 0, grpcStatus: null, grpcMessage: '', bytes: Buffer.alloc(0) };
    const note = (headers: Readonly<Record<string, unknown>>) => {
      if (headers['grpc-status'] !== undefined) answer.grpcStatus = Number(headers['grpc-status']);
      if (headers['grpc-message'] !== undefined) answer.grpcMessage = decoded(String(headers['grpc-message']));
    };
    stream.on('response', (headers) => {
      wire.reached('body');
      answer.httpStatus = Number(headers[':status']);
      note(headers);
    });
    stream.on('trailers', note);
    stream.on('data', (bytes: Buffer) => {
      answer.bytes = Buffer.concat([answer.bytes, bytes]);
      if (answer.bytes.length > longestAnswer) stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('error', reject);
    stream.once('close', () => (answer.httpStatus === 0 ? reject(new Error('closed')) : resolve(answer)));
    stream.end(healthRequest(config.grpc_service));
  });
}

function headersOf(config: Config, look: Look): Record<string, string> {
  return {
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'grpc-timeout': `${config.timeout}m`,
    ...lookHeaders(look),
    ...wireHeaders(config.metadata),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const statusNames = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION'],
  ...['ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

function judge({ httpStatus, grpcStatus, grpcMessage, bytes }: Answer, { grpc_service }: Config): Said {
  if (grpcStatus === null) {
    const outcome = httpStatus === 200 ? failed('assertion', 'grpc-status ∅') : failed(httpStatus === 429 ? 'throttled' : 'status', `HTTP ${httpStatus} ≠ 200`);
    return { outcome, evidence: { httpStatus } };
  }
  const name = statusNames[grpcStatus] ?? String(grpcStatus);
  const evidence = { grpcStatus: name, ...(grpcMessage === '' ? {} : { message: excerpt(grpcMessage) }) };
  if (name === 'OK') {
    const state = healthResponse(bytes);
    if (state === null) return { outcome: failed('assertion', 'gRPC: HealthCheckResponse ∅'), evidence };
    return { outcome: state === 'SERVING' ? { kind: 'pass' } : failed('status', `gRPC ${state} ≠ SERVING`), evidence: { ...evidence, health: state } };
  }
  const why = name === 'UNIMPLEMENTED' ? 'grpc.health.v1.Health ∅' : name === 'NOT_FOUND' ? `service "${grpc_service}" ∅` : excerpt(grpcMessage.slice(0, 150));
  const kind = name === 'RESOURCE_EXHAUSTED' ? 'throttled' : name === 'DEADLINE_EXCEEDED' ? 'timeout' : 'status';
  return { outcome: failed(kind, `gRPC ${name}${why === '' ? '' : `: ${why}`}`), evidence };
}
