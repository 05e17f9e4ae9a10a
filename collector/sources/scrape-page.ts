import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { explain } from '#collector/probes/exchange.ts';
import { basicCredentials } from '#collector/probes/http-shape.ts';
import { type LineOptions, openLine } from '#collector/probes/line.ts';
import { type DurationMs, formatDuration } from '#lib/time.ts';

export interface PageRequest {
  url: URL;
  /** The header, where one is needed. */
  authorization: string | null;
  maxBytes: number;
  timeoutMs: DurationMs;
  line: LineOptions;
  /** Ends it early, for a source that stops. */
  stopping: AbortSignal;
}

export type Page = { ok: true; text: string; openMetrics: boolean; bytes: number } | { ok: false; reason: string };

const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const unzip = promisify(gunzip);

/** Fetches a page of samples; never rejects for what a network or a target can do. */
export async function fetchPage({ url, authorization, maxBytes, timeoutMs, line: options, stopping }: PageRequest): Promise<Page> {
  const timeUp = new AbortController();
  const cancel = options.clock.after(timeoutMs, () => timeUp.abort(new Error('timeout')));
  const signal = AbortSignal.any([timeUp.signal, stopping]);
  const line = openLine(url.origin, options);
  const credentials = authorization ?? basicCredentials(url);
  const headers = {
    ...{ accept, 'accept-encoding': 'gzip', 'user-agent': 'fenghuo-scrape/0.1', 'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1_000) },
    ...(credentials !== null && { authorization: credentials }),
  };
  try {
    // One byte more tells what is too long from what is just as long as allowed.
    const answer = await line.send({ method: 'GET', path: `${url.pathname}${url.search}`, headers, body: null, maxBytes: maxBytes + 1 }, { signal, onHead: () => {} });
    if (answer.status !== 200) return { ok: false, reason: `HTTP ${answer.status}` };
    const header = (name: string): string => String(answer.headers[name] ?? '').toLowerCase();
    return await read(answer.bytes, { encoding: header('content-encoding'), type: header('content-type'), maxBytes });
  } catch (error) {
    if (timeUp.signal.aborted) return { ok: false, reason: `no whole answer within ${formatDuration(timeoutMs)}` };
    const explained = explain(error, { stage: line.stage(), signal });
    return { ok: false, reason: explained.kind === 'fail' ? explained.failure.reason : explained.reason };
  } finally {
    cancel();
    line.abandon();
  }
}

async function read(bytes: Buffer, { encoding, type, maxBytes }: { encoding: string; type: string; maxBytes: number }): Promise<Page> {
  const tooLong = { ok: false, reason: `more than ${maxBytes} bytes: raise body_size_limit if that is meant` } as const;
  if (bytes.length > maxBytes) return tooLong;
  let plain = bytes;
  if (encoding === 'gzip') {
    try {
      plain = await unzip(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      return error instanceof RangeError ? tooLong : { ok: false, reason: 'its gzip cannot be unpacked' };
    }
  } else if (encoding !== '' && encoding !== 'identity') return { ok: false, reason: `its encoding ${encoding.slice(0, 40)} is not understood` };
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(plain), openMetrics: type.startsWith('application/openmetrics-text'), bytes: plain.length };
  } catch {
    return { ok: false, reason: 'it is not UTF-8' };
  }
}
