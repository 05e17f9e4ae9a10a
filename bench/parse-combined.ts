import { existsSync, readFileSync } from 'node:fs';
import { encodingOf } from '#collector/encoding.ts';
import { buildFormat } from '#collector/formats/index.ts';
import { cutLines } from '#collector/lines.ts';
import { maskText } from '#collector/mask.ts';
import { readRecords } from '#collector/origin.ts';
import { unixMs } from '#lib/time.ts';

/**
 * Microseconds of CPU per access log line: a plain regular expression into eleven fields, our parser, and the whole way from
 * bytes to records (cut, mask, parse), side by side in one run.
 */
const real = new URL('../../shared/data/logs/elastic-apache-access/apache_logs', import.meta.url);
const bytes = existsSync(real) ? readFileSync(real) : Buffer.from(Array.from({ length: 10_000 }, (_, n) => sample(n)).join('\n'));
const utf8 = encodingOf('utf-8');
if (!utf8) throw new Error('utf-8 is always known');
const lines = cutLines(bytes, { encoding: utf8, skipping: false, end: true }).lines;
const built = buildFormat({ kind: 'combined' });
if (!built.ok) throw new Error('the combined format builds without options');
const format = built.ready;
const at = unixMs(1_800_000_000_000);
const origin = { source: 'bench', service: 'bench', format: { kind: 'combined' }, observedAt: at, nearAt: at };
const regex = /^(\S+) (\S+) (\S+) \[([^\]]+)\] "(\S+) (\S+) ([^"]*)" (\d{3}) (\d+|-) "([^"]*)" "([^"]*)"/;

function sample(n: number): string {
  return `192.0.2.${n % 250} - - [17/May/2026:10:05:${String(n % 60).padStart(2, '0')} +0000] "GET /invoice/${n}/view?page=${n % 7} HTTP/1.1" 200 ${n * 3} "http://demo.example/" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Safari/537.36" rt=0.1${n % 90}`;
}

function microsecondsPerLine(rounds: number, work: () => void): number {
  for (let round = 0; round < 10; round++) work();
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / rounds / lines.length;
}

let kept: unknown;
const result = {
  bench: 'parse-combined',
  lines: lines.length,
  bytesPerLine: Math.round(bytes.length / lines.length),
  regexUs: microsecondsPerLine(40, () => {
    for (const line of lines) kept = regex.exec(line);
  }),
  parserUs: microsecondsPerLine(40, () => {
    for (const line of lines) kept = format.parse(line, at);
  }),
  bytesToRecordsUs: microsecondsPerLine(40, () => {
    kept = readRecords(cutLines(bytes, { encoding: utf8, skipping: false, end: true, mask: maskText }).lines, origin);
  }),
};
if (kept === undefined) throw new Error('nothing was parsed');
console.log(JSON.stringify(result));
