/** Valid bodies of each protocol: where every mutation begins, and what has to work at the end. */
import type { Dice } from './fuzz-dice.ts';
import { field, fixed64, messages, varint } from './fuzz-wire.ts';

export interface HttpProtocol {
  path: string;
  contentType: string;
  encoding: string;
  /** What an answer may be. */
  codes: readonly number[];
  /** A valid body whose only row bears `mark`. */
  body(mark: string, at: number): Buffer;
  /** As a tree where it is JSON. */
  tree?(mark: string, at: number): unknown;
  /** Bodies made to hurt. */
  hostile: readonly ((dice: Dice) => Buffer)[];
  /** Counts the rows with the mark. */
  found(mark: string): string;
  /** Snappy is put around what was changed. */
  snapped?: true;
}

const documented = [400, 413, 415, 429, 503] as const;
const json = 'application/json';
const protobuf = 'application/x-protobuf';
const inLogs = (mark: string): string => `SELECT count() AS n FROM logs WHERE body = '${mark}'`;
const inSamples = (mark: string): string => `SELECT count() AS n FROM samples WHERE metric = '${mark}'`;
const dayMs = 86_400_000;

const anyText = (text: string): Buffer => field(1, text);
const pair = (key: string, value: Buffer): Buffer => Buffer.concat([field(1, key), field(2, value)]);
const resource = field(1, field(1, pair('service.name', anyText('fuzz'))));
const scoped = (...records: Buffer[]): Buffer => field(1, Buffer.concat([resource, field(2, Buffer.concat([field(1, field(1, 'scope')), ...records.map((record) => field(2, record))]))]));
const logRecord = (body: Buffer, ms: number): Buffer =>
  Buffer.concat([
    fixed64(1, BigInt(ms) * 1_000_000n),
    varint(2, 17),
    field(3, 'ERROR'),
    field(5, body),
    field(6, pair('n', varint(3, 7))),
    field(6, pair('k', anyText('值'))),
    field(9, Buffer.alloc(16, 0xab)),
    field(10, Buffer.alloc(8, 0xcd)),
  ]);
/** A value inside a list inside a list …; the inner ones first. */
function nested(levels: number): Buffer {
  let value = anyText('deep');
  for (let level = 0; level < levels; level++) value = field(5, field(1, value));
  return value;
}
const many = (dice: Dice, piece: Buffer): Buffer => messages(piece, 10 ** (3 + dice.below(4)));

const otlpLogs: HttpProtocol = {
  ...{ path: '/v1/logs', contentType: protobuf, encoding: '', codes: [200, ...documented], found: inLogs },
  body: (mark, at) => scoped(logRecord(anyText(mark), at)),
  hostile: [
    (dice) => scoped(logRecord(nested(10 ** (1 + dice.below(3))), Date.now())),
    (dice) => many(dice, Buffer.from('0a00', 'hex')),
    (dice) => field(1, many(dice, Buffer.from('1200', 'hex'))),
    (dice) => scoped(Buffer.concat([logRecord(anyText('x'), Date.now()), many(dice, field(6, Buffer.alloc(0)))])),
    // Each record on another day of a century.
    (dice) => scoped(...Array.from({ length: 400 }, () => logRecord(anyText('another day'), dice.below(36_500) * dayMs))),
    (dice) => scoped(logRecord(anyText('x'.repeat(10 ** (3 + dice.below(4)))), Date.now())),
    () => scoped(logRecord(anyText('13812345678 '.repeat(100_000)), Date.now())),
  ],
};

const double = (number: number, value: number): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes[0] = (number << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
};
const point = (at: number, value: number): Buffer => Buffer.concat([fixed64(3, BigInt(at) * 1_000_000n), double(4, value), field(7, pair('room', anyText('甲')))]);
const metric = (name: string, points: Buffer): Buffer => scoped(Buffer.concat([field(1, name), field(5, points)]));
const otlpMetrics: HttpProtocol = {
  ...{ path: '/v1/metrics', contentType: protobuf, encoding: '', codes: [200, ...documented], found: inSamples },
  body: (mark, at) => metric(mark, field(1, point(at, 21.5))),
  hostile: [
    (dice) => metric('fuzz.many', many(dice, Buffer.from('0a00', 'hex'))),
    (dice) => metric(`fuzz.${'n'.repeat(10 ** (1 + dice.below(5)))}`, field(1, point(Date.now(), 1))),
    (dice) => metric('fuzz.days', Buffer.concat(Array.from({ length: 400 }, () => field(1, point(dice.below(36_500) * dayMs, 1))))),
    (dice) => metric('fuzz.odd', Buffer.concat([Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308].map((value) => field(1, point(Date.now() - dice.below(1000), value))))),
    // Buckets: packed doubles and counts that do not fit together.
    (dice) =>
      scoped(
        Buffer.concat([
          field(1, 'fuzz.buckets'),
          field(9, field(1, Buffer.concat([fixed64(3, BigInt(Date.now()) * 1_000_000n), field(6, dice.bytes(8 * dice.below(20_000))), field(7, dice.bytes(8 * dice.below(2_000)))]))),
        ]),
      ),
    // Exponential buckets with a scale nobody meant.
    (dice) =>
      scoped(
        Buffer.concat([
          field(1, 'fuzz.exponential'),
          field(10, field(1, Buffer.concat([varint(6, dice.below(2 ** 31)), field(8, Buffer.concat([varint(1, dice.below(2 ** 31)), field(2, dice.bytes(dice.below(5_000)))]))]))),
        ]),
      ),
  ],
};

const attribute = (key: string, value: object) => ({ key, value });
const jsonLogs = (mark: string, at: number) => ({
  resourceLogs: [
    {
      resource: { attributes: [attribute('service.name', { stringValue: 'fuzz' })] },
      scopeLogs: [
        {
          scope: { name: 'scope' },
          logRecords: [
            {
              ...{ timeUnixNano: `${at}000000`, severityNumber: 17, severityText: 'ERROR', body: { stringValue: mark }, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) },
              attributes: [
                attribute('n', { intValue: '7' }),
                attribute('list', { arrayValue: { values: [{ doubleValue: 1.5 }, { boolValue: true }] } }),
                attribute('map', { kvlistValue: { values: [attribute('a', { bytesValue: 'AQI=' })] } }),
              ],
            },
          ],
        },
      ],
    },
  ],
});
const repeated = (text: string, dice: Dice): string => text.repeat(10 ** (3 + dice.below(3)));
const wrongJson: HttpProtocol['hostile'] = [
  (dice) => Buffer.from(repeated('[', dice)),
  (dice) => Buffer.from(`${repeated('{"a":', dice)}`),
  (dice) => Buffer.from(`{"resourceLogs":[${repeated('{},', dice)}{}],"streams":[${repeated('[],', dice)}{}]}`),
  (dice) => Buffer.from(`{"x":"${repeated('\\u0000', dice)}"}`),
  (dice) => Buffer.from(`{"x":${'9'.repeat(10 ** (1 + dice.below(5)))}}`),
];
const otlpJson: HttpProtocol = {
  ...{ path: '/v1/logs', contentType: json, encoding: '', codes: [200, ...documented], found: inLogs },
  body: (mark, at) => Buffer.from(JSON.stringify(jsonLogs(mark, at))),
  tree: jsonLogs,
  hostile: wrongJson,
};

const lokiPush = (mark: string, at: number) => ({ streams: [{ stream: { app: 'fuzz', level: 'error' }, values: [[`${at}000000`, mark, { trace_id: 'abc' }]] }] });
const loki: HttpProtocol = {
  ...{ path: '/loki/api/v1/push', contentType: json, encoding: '', codes: [204, ...documented], found: inLogs },
  body: (mark, at) => Buffer.from(JSON.stringify(lokiPush(mark, at))),
  tree: lokiPush,
  hostile: [
    ...wrongJson,
    (dice) => Buffer.from(JSON.stringify({ streams: [{ stream: { a: 'x' }, values: Array.from({ length: 400 }, () => [`${Date.now() - dice.below(200) * dayMs}000000`, 'another day']) }] })),
  ],
};

const stamp = (at: number): Buffer => Buffer.concat([varint(1, Math.floor(at / 1_000)), varint(2, (at % 1_000) * 1e6)]);
const pushed = (labels: string, mark: string, at: number): Buffer =>
  field(1, Buffer.concat([field(1, labels), field(2, Buffer.concat([field(1, stamp(at)), field(2, mark), field(3, Buffer.concat([field(1, 'k'), field(2, 'v')]))]))]));
const lokiProto: HttpProtocol = {
  ...{ path: '/loki/api/v1/push', contentType: protobuf, encoding: 'snappy', codes: [204, ...documented], found: inLogs, snapped: true },
  body: (mark, at) => pushed('{app="fuzz", level="error"}', mark, at),
  hostile: [
    (dice) => many(dice, Buffer.from('0a00', 'hex')),
    (dice) => field(1, Buffer.concat([field(1, '{app="x"}'), many(dice, Buffer.from('1200', 'hex'))])),
    (dice) => pushed(`{${'a="b",'.repeat(10 ** (1 + dice.below(4)))}`, 'x', Date.now()),
    (dice) => pushed(`{a="${'\\'.repeat(10 ** (1 + dice.below(5)))}"}`, 'x', Date.now()),
    (dice) => pushed(dice.pick(['{', '{a', '{a=', '{a="b"', '}', '{a="b"}}', '{a="\\x"}', '{__proto__="x"}', '{constructor="x",toString="y"}']), 'x', Date.now()),
  ],
};

const label = (name: string, value: string): Buffer => field(1, Buffer.concat([field(1, name), field(2, value)]));
const series = (labels: Buffer, ...samples: Buffer[]): Buffer => field(1, Buffer.concat([labels, ...samples.map((sample) => field(2, sample))]));
const sample = (value: number, at: number): Buffer => Buffer.concat([double(1, value), varint(2, at)]);
const metricName = (mark: string): string => mark.replaceAll(/[^a-z_]/g, '_');
const remoteWrite: HttpProtocol = {
  ...{ path: '/api/v1/write', contentType: protobuf, encoding: 'snappy', codes: [204, ...documented], found: (mark) => inSamples(metricName(mark)), snapped: true },
  body: (mark, at) => series(Buffer.concat([label('__name__', metricName(mark)), label('job', 'fuzz')]), sample(21.5, at)),
  hostile: [
    (dice) => many(dice, Buffer.from('0a00', 'hex')),
    (dice) => series(label('__name__', 'fuzz_many'), many(dice, Buffer.from('1200', 'hex'))),
    (dice) => series(Buffer.concat(Array.from({ length: 10 ** (1 + dice.below(3)) }, (_, index) => label(`l${index}`, 'x'))), sample(1, Date.now())),
    (dice) => series(label('__name__', 'fuzz_days'), ...Array.from({ length: 400 }, () => sample(1, dice.below(36_500) * dayMs))),
    (dice) => series(label('__name__', 'fuzz_odd'), ...[Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308].map((value) => sample(value, Date.now() - dice.below(1_000)))),
    (dice) => series(label('__name__', 'n'.repeat(10 ** (1 + dice.below(5)))), sample(1, Date.now())),
  ],
};

const lines: HttpProtocol = {
  ...{ path: '/api/v1/ingest/lines?source=app', contentType: 'text/plain', encoding: '', codes: [200, ...documented], found: inLogs },
  body: (mark, at) => Buffer.from(`<11>1 ${new Date(at).toISOString()} host fuzz 7 ID [a@1 k="v"] ${mark}\n`),
  hostile: [
    (dice) => Buffer.from(repeated('\n', dice)),
    (dice) => Buffer.from(repeated('x', dice)),
    (dice) => Buffer.from(repeated('<13>x\n', dice)),
    (dice) => Buffer.from(`<11>1 - h a - - ${repeated('[a ', dice)}`),
    (dice) => Buffer.from(`<11>1 - h a - - [a k="${repeated('\\"', dice)}"] x\n`),
    (dice) => Buffer.from(repeated('\u001b[31m13812345678\u0000', dice)),
    (dice) => Buffer.from(Array.from({ length: 400 }, () => `<11>1 ${new Date(dice.below(36_500) * dayMs).toISOString()} h a - - - another day`).join('\n')),
  ],
};

export const httpProtocols: Readonly<Record<string, HttpProtocol>> = {
  'otlp-logs': otlpLogs,
  'otlp-metrics': otlpMetrics,
  'otlp-json': otlpJson,
  loki,
  'loki-proto': lokiProto,
  'remote-write': remoteWrite,
  lines,
};
