import type { AlertTransition } from '#alerts/alert.ts';
import type { Delivery } from '#alerts/notification.ts';
import type { CheckResult, OutcomeKind } from '#collector/check.ts';
import type { AttributeValue, LogRecord } from '#collector/log.ts';
import type { Sample } from '#collector/sample.ts';
import { fingerprint, labelKey } from '#lib/labels.ts';
import { staleBits } from '#lib/series.ts';
import type { RowBinaryWriter } from './rowbinary.ts';

/** A table, its columns in the order they are written, and how one row is. */
export interface RowShape<Row> {
  table: string;
  columns: string;
  write(to: RowBinaryWriter, row: Row): void;
}

/** What the time columns can hold and a retention can mean: 1970 to 2099. Anything else is a misread time. */
const latestMs = 4_102_444_799_999;
const isPossible = (at: number): boolean => at >= 0 && at <= latestMs;
const instant = (to: RowBinaryWriter, at: number): void => to.uint53(isPossible(at) ? Math.floor(at) : at > latestMs ? latestMs : 0);
const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
const whole = (value: number, largest: number): number => Math.min(largest, Math.max(0, Math.round(finite(value))));

const outcomeNumber: Readonly<Record<OutcomeKind, number>> = { pass: 1, slow: 2, fail: 3, unknown: 4 };

export const checkShape: RowShape<CheckResult> = {
  table: 'checks',
  columns: 'at, service, probe, vantage, outcome, failure, reason, attempt, duration_ms, phases, evidence, maintenance',
  write(to, check) {
    const { outcome } = check;
    instant(to, check.at);
    to.string(check.service);
    to.string(check.probeId);
    to.string(check.vantage);
    to.uint8(outcomeNumber[outcome.kind]);
    to.string(outcome.kind === 'fail' ? outcome.failure.kind : '');
    to.string(outcome.kind === 'fail' ? outcome.failure.reason : outcome.kind === 'pass' ? '' : (outcome.reason ?? ''));
    to.uint8(whole(check.attempt, 255));
    to.float64(finite(check.durationMs));
    const phases = Object.entries(check.phases);
    to.varint(phases.length);
    for (const [name, ms] of phases) {
      to.string(name);
      to.float64(finite(ms));
    }
    to.string(JSON.stringify(check.evidence));
    to.uint8(check.maintenance === true ? 1 : 0);
  },
};

/** Attributes with a column of their own; the rest goes into the map. */
const columnOf = new Set([
  'http.request.method',
  'http.route',
  'url.path',
  'http.response.status_code',
  'http.server.request.duration',
  'http.response.body.size',
  'client.address',
  'user_agent.original',
  'outcome',
  'error.type',
  'login.outcome',
  'login.reason',
  'login.method',
  'login.count',
  'user.name',
]);

const text = (value: AttributeValue | undefined): string => (typeof value === 'string' ? value : value === undefined ? '' : String(value));
const amount = (value: AttributeValue | undefined): number => (typeof value === 'number' ? value : value === undefined || value === '' ? Number.NaN : Number(value));

export const logShape: RowShape<LogRecord> = {
  table: 'logs',
  columns:
    'timestamp, observed, service, source, severity, severity_text, body, method, route, path, status, duration_s, bytes, client, user_agent, outcome, error_type, login_outcome, login_reason, login_method, login_count, user, attributes',
  write(to, record) {
    const attributes = record.attributes;
    // A time no clock could have shown is kept as an attribute; the record is filed under when it was seen.
    const misread = !isPossible(record.timestamp);
    instant(to, misread ? record.observedTimestamp : record.timestamp);
    instant(to, record.observedTimestamp);
    to.string(record.service);
    to.string(record.source);
    to.uint8(whole(record.severityNumber, 24));
    to.string(record.severityText);
    to.string(record.body);
    writeRequest(to, attributes);
    writeLogin(to, attributes);
    writeRest(to, attributes, misread ? String(record.timestamp) : undefined);
  },
};

type Attributes = LogRecord['attributes'];

function writeRequest(to: RowBinaryWriter, attributes: Attributes): void {
  to.string(text(attributes['http.request.method']));
  to.string(text(attributes['http.route']));
  to.string(text(attributes['url.path']));
  to.uint16(whole(amount(attributes['http.response.status_code']), 65_535));
  const durationSeconds = amount(attributes['http.server.request.duration']);
  const timed = Number.isFinite(durationSeconds) && durationSeconds >= 0;
  to.nullMark(!timed);
  if (timed) to.float64(durationSeconds);
  const size = amount(attributes['http.response.body.size']);
  const sized = Number.isSafeInteger(size) && size >= 0;
  to.nullMark(!sized);
  if (sized) to.uint53(size);
  to.string(text(attributes['client.address']));
  to.string(text(attributes['user_agent.original']));
  to.string(text(attributes.outcome));
  to.string(text(attributes['error.type']));
}

function writeLogin(to: RowBinaryWriter, attributes: Attributes): void {
  const outcome = text(attributes['login.outcome']);
  to.string(outcome);
  to.string(text(attributes['login.reason']));
  to.string(text(attributes['login.method']));
  const count = attributes['login.count'];
  to.uint32(count === undefined ? (outcome ? 1 : 0) : whole(amount(count), 4_294_967_295));
  to.string(text(attributes['user.name']));
}

function writeRest(to: RowBinaryWriter, attributes: Attributes, originalTimestamp: string | undefined): void {
  let count = originalTimestamp === undefined ? 0 : 1;
  for (const name in attributes) if (!columnOf.has(name)) count++;
  to.varint(count);
  if (originalTimestamp !== undefined) {
    to.string('log.timestamp.original');
    to.string(originalTimestamp);
  }
  for (const name in attributes) {
    if (columnOf.has(name)) continue;
    to.string(name);
    to.string(text(attributes[name]));
  }
}

/** Hashing a label set costs more than writing its row, and series are few and repeat. */
const seriesNumbers = new Map<string, bigint>();
const knownSeries = 50_000;

function seriesNumber(sample: Sample): bigint {
  const key = labelKey(sample.labels);
  const known = seriesNumbers.get(key);
  if (known !== undefined) return known;
  if (seriesNumbers.size >= knownSeries) seriesNumbers.clear();
  const made = BigInt(`0x${fingerprint(sample.labels)}`);
  seriesNumbers.set(key, made);
  return made;
}

export const sampleShape: RowShape<Sample> = {
  table: 'samples',
  columns: 'at, metric, series, labels, value',
  write(to, sample) {
    instant(to, sample.at);
    to.string(sample.metric);
    to.uint64(seriesNumber(sample));
    writeLabels(to, sample.labels);
    if (sample.stale) to.uint64(staleBits);
    else to.float64(sample.value);
  },
};

function writeLabels(to: RowBinaryWriter, labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  to.varint(entries.length);
  for (const [name, value] of entries) {
    to.string(name);
    to.string(value);
  }
}

export const transitionShape: RowShape<AlertTransition> = {
  table: 'alert_transitions',
  columns: 'at, episode, fingerprint, rule, from_state, to_state, severity, service, value, labels',
  write(to, { at, episode, fingerprint: identity, from, to: state, alert }) {
    instant(to, at);
    to.string(episode);
    to.string(identity);
    to.string(alert.rule ?? alert.labels.alertname ?? '');
    to.string(from);
    to.string(state);
    to.string(alert.labels.severity ?? '');
    to.string(alert.labels.service ?? '');
    to.nullMark(alert.value === null);
    if (alert.value !== null) to.float64(alert.value);
    writeLabels(to, alert.labels);
  },
};

export const deliveryShape: RowShape<Delivery> = {
  table: 'deliveries',
  columns: 'at, notification, receiver, sender, attempt, outcome, detail, duration_ms',
  write(to, delivery) {
    instant(to, delivery.at);
    to.string(delivery.notification);
    to.string(delivery.receiver);
    to.string(delivery.sender);
    to.uint16(whole(delivery.attempt, 65_535));
    to.string(delivery.state);
    to.string(delivery.detail);
    to.float64(finite(delivery.durationMs));
  },
};
