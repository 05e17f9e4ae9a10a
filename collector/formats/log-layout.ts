import type { AttributeValue } from '#collector/log.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { clfTimeReader } from './clf-time.ts';
import { closingQuote, readRequest } from './combined.ts';
import { malformedLine, type ParsedLine } from './format.ts';
import { clientReader, putClientBehind } from './proxies.ts';
import { judged, putHost, putTarget } from './request-record.ts';
import { routeReader } from './route.ts';
import { timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

/** A piece of a layout: fixed text, or a field by the attribute it becomes. */
export interface Part {
  text: string;
  variable?: string;
}

/** Reads lines of such a layout left to right, each byte a fixed number of times: a field ends where the fixed text after it begins. */
export function compileLayout(parts: readonly Part[], { zone, trusted }: { zone: string; trusted: readonly string[] | undefined }): (line: string) => ParsedLine {
  const put = fieldReader(zone);
  const clientOf = trusted && clientReader(trusted);
  return (line) => {
    const attributes: Record<string, AttributeValue> = {};
    const out: Out = { attributes, time: undefined };
    let at = 0;
    for (const [index, part] of parts.entries()) {
      if (part.variable === undefined) {
        if (!line.startsWith(part.text, at)) return malformedLine(line, `"${part.text}" is missing`);
        at += part.text.length;
        continue;
      }
      const end = endOfField(line, at, { before: parts[index - 1]?.text ?? '', after: parts[index + 1]?.text });
      if (end < 0) return malformedLine(line, `the line ends inside ${part.variable}`);
      const wrong = put(part.variable, line.slice(at, end), out);
      if (wrong !== '') return malformedLine(line, wrong);
      at = end;
    }
    if (clientOf) putClientBehind(attributes, clientOf);
    return { time: out.time, ...judged(attributes), body: line, attributes, malformed: '' };
  };
}

interface Out {
  attributes: Record<string, AttributeValue>;
  time: UnixMs | undefined;
}

function endOfField(line: string, at: number, { before, after }: { before: string; after: string | undefined }): number {
  if (after === undefined) return line.length;
  // A quote the client sent is escaped by the server and ends nothing.
  const end = before.endsWith('"') && after.startsWith('"') ? closingQuote(line, at) : line.indexOf(after, at);
  return end;
}

const sizes: ReadonlySet<string> = new Set(['http.response.body.size', 'http.response.size', 'http.request.size']);
const scales: Readonly<Record<string, number>> = { 'http.server.request.duration': 1, milliseconds: 1e3, microseconds: 1e6 };

/** Puts one field where it belongs; says what is wrong with it, empty when nothing is. */
function fieldReader(zone: string): (name: string, value: string, out: Out) => string {
  const clfAt = clfTimeReader();
  const readTime = timeReader({ order: 'ymd', toInstant: zoneReader(zone) });
  const routeFor = routeReader();
  const request = (text: string, attributes: Out['attributes']): void => readRequest(text, { from: 0, to: text.length }, { attributes, routeFor });
  return (name, value, out) => {
    const { attributes } = out;
    if (name === 'clf' || name === 'time') {
      const at = name === 'clf' ? clfAt(value, 0) : (readTime(value) ?? Number.NaN);
      if (Number.isNaN(at)) return 'the time is not readable';
      out.time = unixMs(at);
    } else if (value === '-' || value === '') return name === 'http.response.status_code' ? 'no status' : '';
    else if (name === 'request') request(value, attributes);
    else if (name === 'target') putTarget(attributes, value, routeFor);
    else if (name === 'server.address') putHost(attributes, value);
    else if (name === 'http.response.status_code' || name === 'status_if_any') {
      if (!/^[1-9]\d\d$/.test(value)) return 'the status is not a number of three digits';
      attributes['http.response.status_code'] = Number(value);
    } else if (sizes.has(name)) {
      if (!/^\d{1,19}$/.test(value)) return `${name} is not a number`;
      attributes[name] = Number(value);
    } else if (scales[name] !== undefined) {
      if (!/^\d{1,16}(?:\.\d{1,9})?$/.test(value)) return 'the request time is not a number';
      attributes['http.server.request.duration'] = Number(value) / scales[name];
    } else attributes[name] = value;
    return '';
  };
}
