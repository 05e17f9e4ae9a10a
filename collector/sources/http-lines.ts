import { LineBatch } from '#collector/batch.ts';
import { type Encoding, encodingOf } from '#collector/encoding.ts';
import { withHeadings } from '#collector/formats/heading.ts';
import { formatField } from '#collector/formats/index.ts';
import { proxiesField, proxiesText } from '#collector/formats/proxies.ts';
import { cutLines } from '#collector/lines.ts';
import { maskText } from '#collector/mask.ts';
import { headingFor, joinerFor, type LineOrigin } from '#collector/origin.ts';
import { defineKind } from '#lib/kinds.ts';
import { idText, zoneText } from '#lib/schema.ts';
import { type IngestAnswer, IngestError, type IngestRequest, keep, mediaType, mostRows, parseJson, refusal, unpacked } from './ingest.ts';
import { configOf, formatText } from './line-format.ts';
import type { RunningSource, Source, SourceContext } from './source.ts';
import { createCounters, type SourceCounters } from './source-counters.ts';

/** Lines that programs hand in over HTTP: `POST /api/v1/ingest/lines?source=ID`. */
export const http = defineKind({
  kind: 'http',
  label: { 'zh-CN': 'HTTP 推送的日志行', en: 'Lines handed in over HTTP' },
  fields: [
    { id: 'id', label: { 'zh-CN': '名称', en: 'Name' }, input: 'text', required: true },
    { id: 'service', label: { 'zh-CN': '所属服务', en: 'Service' }, input: 'text', required: true, from: 'services' },
    formatField,
    { id: 'zone', label: { 'zh-CN': '时区', en: 'Time zone' }, input: 'text', required: false },
    proxiesField,
  ],
  shape: {
    id: idText,
    service: idText,
    format: formatText,
    zone: zoneText.optional(),
    trusted_proxies: proxiesText.optional(),
  },
  make: ({ id, service, format, zone, trusted_proxies: proxies }): Source => {
    const config = { ...(proxies && { trusted_proxies: proxies }), ...configOf(format, zone) };
    return { id, kind: 'http', service, reads: { format: config, encoding: utf8 }, start: (context) => startLines({ source: id, service, format: config }, context) };
  },
});

function startLines(origin: Pick<LineOrigin, 'source' | 'service' | 'format'>, { spool, clock }: SourceContext): RunningSource {
  const counters = createCounters({ id: origin.source, kind: 'http', clock });
  const joiner = joinerFor(origin.format);
  const receive = async (request: IngestRequest): Promise<IngestAnswer> => {
    const { lines, counts } = linesOf(await unpacked(request), mediaType(request.contentType));
    const rule = headingFor(origin.format);
    const plain = rule ? withHeadings(lines, { rule, before: '' }).events : lines;
    const filled = plain.filter((line) => line.trim() !== '');
    if (filled.length > mostRows) throw new IngestError(413, `${filled.length} lines in one request: at most ${mostRows}`);
    const events = joiner ? joiner.join(filled).map(({ text }) => text) : filled;
    const now = clock.now();
    const whole: LineOrigin = { ...origin, observedAt: now, nearAt: now };
    const batch = new LineBatch(whole);
    const { malformed } = batch.add(events);
    if (events.length > 0) await keep(batch, { spool, clock });
    counters.add({ ...counts, lines: lines.length, blank: plain.length - filled.length, events: events.length - malformed, malformed });
    counters.recovered();
    return { status: 200, contentType: 'application/json', body: JSON.stringify({ accepted: events.length, malformed }) };
  };
  return {
    receive: (request) => receive(request).catch((error: unknown) => refused(error, counters)),
    health: () => counters.health({ open: 0, lagMs: 0 }),
    nudge: () => {},
    stop: () => Promise.resolve(),
  };
}

function refused(error: unknown, counters: SourceCounters): IngestAnswer {
  counters.fail(error);
  const answer = refusal(error);
  // What may be sent again is not lost yet.
  if (answer.status !== 503) counters.add({ dropped: 1 });
  return answer;
}

/** Empty ones are allowed beside those that are kept. */
const mostLines = 2 * mostRows;

const utf8 = encodingOf('utf-8') as Encoding;

/** An array of JSON is a line an element; anything else is text, cut at its line feeds. */
function linesOf(bytes: Uint8Array, type: string): { lines: string[]; counts: Parameters<SourceCounters['add']>[0] } {
  const json = type === 'application/json' ? parseJson(bytes) : undefined;
  const text = json === undefined ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(asLines(json));
  assertLines(text);
  const cut = cutLines(text, { encoding: utf8, skipping: false, end: true, mask: maskText });
  return { lines: cut.lines, counts: { longLines: cut.longLines, undecodable: cut.undecodable, masked: cut.masked } };
}

/** Counted before anything is made of them: a small packed body unpacks to millions of lines with nothing in them. */
function assertLines(text: Buffer): void {
  let lines = 0;
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) if (++lines > mostLines) throw new IngestError(413, `more than ${mostLines} lines in one request, empty ones among them`);
}

function asLines(json: unknown): string {
  try {
    return (Array.isArray(json) ? json : [json]).map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');
  } catch {
    throw new IngestError(400, 'JSON nested too deep');
  }
}
