import type { LogRecord } from '#collector/log.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';

/** For crash tests: a batch that is always the same for its number, spread over the two hours before `at`. */
export function numberedBatch(number: number, { size, at }: { size: number; at: UnixMs }): LogRecord[] {
  return Array.from({ length: size }, (_, index) => ({
    timestamp: unixMs(at - ((number * size + index) % 7_200_000)),
    observedTimestamp: at,
    severityNumber: 9,
    severityText: '',
    service: 'invoice',
    source: 'access',
    body: `batch ${number}`,
    attributes: { 'http.response.status_code': 200, 'http.route': `/r${index % 5}`, 'http.server.request.duration': 0.001 * (1 + (index % 400)), outcome: 'ok' },
  }));
}
