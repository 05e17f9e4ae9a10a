import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { inTime } from '#lib/in-time.ts';
import { defineKind } from '#lib/kinds.ts';
import { durationMs } from '#lib/time.ts';
import { type Comparison, comparisonShape, saysSomething, shortfall, shown } from './compare.ts';
import { excerpt } from './excerpt.ts';
import { basicCredentials, headerMap, headersField, lookHeaders, maxBodyField, shownUrl, wireHeaders } from './http-shape.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { acceptOf, clientFrame, opcodes, serverFrame } from './websocket-frames.ts';
import { failed, overWire, type Reader, type Wire, wireShape } from './wire.ts';
import { wireFields } from './wire-fields.ts';

const socketUrl = z.string().transform((text, context): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'ws:' || url.protocol === 'wss:')) return url;
  context.addIssue({ code: 'custom', message: `"${text}" is not a ws or wss address`, params: { hint: 'for example wss://www.example/live' } });
  return z.NEVER;
});

/** A text the message must contain, or comparisons. */
const expectation = z.union([
  z
    .string()
    .min(1)
    .transform((contains): Comparison => ({ contains })),
  z.strictObject(comparisonShape).refine(saysSomething, { message: 'says nothing about the message', params: { hint: 'add contains, equals or matches' } }),
]);

const shape = {
  ...probeShape,
  ...wireShape,
  url: socketUrl,
  headers: headerMap.default({}),
  subprotocol: z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]{1,100}$/, 'not the name of a subprotocol')
    .optional(),
  send: z.string().max(100_000).optional(),
  expect: expectation.optional(),
  max_body: z.number().int().min(1_000).max(10_000_000).default(1_000_000),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** The handshake, perhaps a message each way, and a proper goodbye. */
export const websocket = defineKind({
  kind: 'websocket',
  label: { 'zh-CN': 'WebSocket 连接', en: 'WebSocket' },
  fields: [
    ...probeFields,
    { id: 'url', label: { 'zh-CN': '地址', en: 'Address' }, input: 'url', required: true, help: { 'zh-CN': 'ws:// 或 wss://', en: 'ws:// or wss://' } },
    { id: 'subprotocol', label: { 'zh-CN': '子协议', en: 'Subprotocol' }, input: 'text', required: false },
    { id: 'send', label: { 'zh-CN': '发送文本', en: 'Text to send' }, input: 'text', required: false },
    {
      id: 'expect',
      label: { 'zh-CN': '期待收到', en: 'Text to expect' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '收到的某条消息须包含它', en: 'One of the messages must contain it' },
    },
    headersField,
    maxBodyField,
    ...wireFields.certificate,
  ],
  shape,
  make: (config) => readyProbe(config, { kind: 'websocket', target: shownUrl(config.url), check: (look) => check(config, look) }),
});

function check(config: Config, look: Look): Promise<Sight> {
  const isSecure = config.url.protocol === 'wss:';
  const to = { host: config.url.hostname.replace(/^\[|\]$/g, ''), port: Number(config.url.port) || (isSecure ? 443 : 80) };
  return overWire({ to, look, config, maxBytes: config.max_body + 16_384 }, async (wire) => {
    if (isSecure) await wire.secure({ protocols: ['http/1.1'] });
    const evidence: Record<string, unknown> = { url: shownUrl(config.url) };
    const outcome = (await shakeHands(wire, { config, look, evidence })) ?? (await converse(wire, { config, look, evidence }));
    return { outcome, evidence };
  });
}

interface Talk {
  config: Config;
  look: Look;
  evidence: Record<string, unknown>;
}

interface Head {
  status: number;
  headers: Map<string, string>;
}

/** The head of an answer; null when it is not HTTP. */
const head: Reader<Head | null> = (bytes) => {
  const end = bytes.indexOf('\r\n\r\n');
  if (bytes.length >= 5 && bytes.toString('latin1', 0, 5) !== 'HTTP/') return { value: null, size: bytes.length };
  if (end < 0) return bytes.length > 16_384 ? { value: null, size: bytes.length } : undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) return { value: null, size: bytes.length };
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon > 0) headers.set(name, [headers.get(name), line.slice(colon + 1).trim()].filter((value) => value !== undefined).join(', '));
  }
  return { value: { status: Number(status), headers }, size: end + 4 };
};

/** Null when the server has changed protocols as RFC 6455 says. */
async function shakeHands(wire: Wire, { config, look, evidence }: Talk): Promise<Sight['outcome'] | null> {
  const { url } = config;
  const key = randomBytes(16).toString('base64');
  const credentials = basicCredentials(url);
  const headers: Record<string, string> = {
    host: url.host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    ...(config.subprotocol === undefined ? {} : { 'sec-websocket-protocol': config.subprotocol }),
    ...(credentials === null ? {} : { authorization: credentials }),
    ...lookHeaders(look),
    ...wireHeaders(config.headers),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  wire.send(`GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const answer = await wire.receive(head);
  if (answer === null) return failed('assertion', 'not HTTP');
  evidence.status = answer.status;
  if (answer.status !== 101) return failed(answer.status === 429 ? 'throttled' : 'status', `WebSocket: HTTP ${answer.status} ≠ 101`);
  const got = (name: string) => answer.headers.get(name) ?? '∅';
  const wrong = (name: string) => failed('assertion', `${name}: ${excerpt(got(name).slice(0, 100))}`);
  if (got('upgrade').toLowerCase() !== 'websocket') return wrong('upgrade');
  if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(got('connection'))) return wrong('connection');
  if (got('sec-websocket-accept') !== acceptOf(key)) return wrong('sec-websocket-accept');
  // Nothing was offered, so nothing may be chosen.
  if (answer.headers.has('sec-websocket-extensions')) return wrong('sec-websocket-extensions');
  if (answer.headers.get('sec-websocket-protocol') !== config.subprotocol) return wrong('sec-websocket-protocol');
  return null;
}

async function converse(wire: Wire, talk: Talk): Promise<Sight['outcome']> {
  const { config, evidence } = talk;
  if (config.send !== undefined) wire.send(clientFrame(opcodes.text, Buffer.from(config.send)));
  const outcome = config.expect === undefined ? ({ kind: 'pass' } as const) : await expectMessage(wire, { ...talk, expected: config.expect });
  if (outcome.kind === 'pass') evidence.close = await sayGoodbye(wire, talk);
  else wire.send(goodbye());
  return outcome;
}

async function expectMessage(wire: Wire, { config, look, evidence, expected }: Talk & { expected: Comparison }): Promise<Sight['outcome']> {
  let last: string | null = null;
  let count = 0;
  try {
    for (;;) {
      const message = await nextMessage(wire, config.max_body);
      if (typeof message !== 'string') return failed('assertion', message.wrong);
      count++;
      last = message;
      evidence.message = excerpt(message);
      if (shortfall(message, expected) === null) return { kind: 'pass' };
    }
  } catch (error) {
    // Silence is a time-out; talk of something else is a wrong answer.
    if (!look.signal.aborted || last === null) throw error;
    evidence.messages = count;
    return failed('assertion', `message ≠ ${shortfall(last, expected) ?? ''}: ${shown(excerpt(last.slice(0, 80)))}`);
  }
}

/** The next whole message; pings are answered on the way. */
async function nextMessage(wire: Wire, longest: number): Promise<string | { wrong: string }> {
  const parts: Buffer[] = [];
  let size = 0;
  for (;;) {
    const frame = await wire.receive(serverFrame(longest));
    if ('wrong' in frame) return { wrong: `WebSocket: ${frame.wrong}` };
    if (frame.opcode === opcodes.ping) wire.send(clientFrame(opcodes.pong, frame.payload));
    if (frame.opcode === opcodes.close) return { wrong: `WebSocket: close ${closeText(frame.payload)}` };
    if (frame.opcode > opcodes.binary) continue;
    if ((frame.opcode === opcodes.continuation) !== parts.length > 0) return { wrong: 'WebSocket: fragments out of order' };
    parts.push(frame.payload);
    size += frame.payload.length;
    if (size > longest) return { wrong: `WebSocket: message > ${longest} B` };
    if (frame.isFinal) return Buffer.concat(parts).toString('utf8');
  }
}

const closeText = (payload: Buffer): string => (payload.length < 2 ? '∅' : excerpt(`${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`.trim()));

const goodbyeMs = durationMs(250);
/** Code 1000: all is well. */
const goodbye = (): Buffer => clientFrame(opcodes.close, Buffer.from([0x03, 0xe8]));

/** Says goodbye and waits a moment for the other side's; a server that leaves without one is no failure. */
async function sayGoodbye(wire: Wire, { config, look }: Talk): Promise<'clean' | 'unanswered'> {
  wire.send(goodbye());
  const answered = (async () => {
    for (;;) {
      const frame = await wire.receive(serverFrame(config.max_body));
      if ('wrong' in frame) throw new Error(frame.wrong);
      if (frame.opcode === opcodes.close) return;
    }
  })();
  const ending = await inTime(answered, { clock: look.clock, limitMs: goodbyeMs }).catch(() => 'late' as const);
  return ending === 'done' ? 'clean' : 'unanswered';
}
