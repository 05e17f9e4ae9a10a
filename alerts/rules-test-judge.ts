import { type Labels, labelKey } from '#lib/labels.ts';
import { type DurationMs, durationMs, formatDuration, type UnixMs, unixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { parseMatchers } from './matcher.ts';
import type { Notification } from './notification.ts';
import type { AlertingPlan, Integration } from './plan.ts';
import { type Rehearsed, rehearse } from './rehearse.ts';
import { buildRoute } from './route.ts';
import type { Rule } from './rules/rule.ts';
import { type DescribedState, type RulesTest, silencesOf, telemetryOf } from './rules-test-file.ts';

export interface TestFailure {
  test: string;
  at: string;
  expected: unknown;
  got: unknown;
}

interface Frame {
  name: string;
  rules: readonly Rule[];
  alerting: AlertingPlan | undefined;
  evaluationIntervalMs: DurationMs;
}

interface Judged {
  passed: number;
  failures: TestFailure[];
}

/** Runs one test on a virtual clock and holds what happened against what it expects. */
export async function judgeTest(test: RulesTest, frame: Frame): Promise<Judged> {
  const { telemetry, problems } = telemetryOf(test);
  const problem = problems[0] ?? matcherProblem(test) ?? (test.message_test && !frame.alerting ? 'message_test needs an alerting section' : undefined);
  if (problem) return { passed: 0, failures: [{ test: frame.name, at: '', expected: 'a valid test', got: problem }] };
  const questions = [...test.alert_rule_test, ...test.state_test].map(({ eval_time: at }) => unixMs(at));
  const until = unixMs(Math.max(0, ...questions, ...(test.message_test ?? []).map((message) => message.between[1]), test.message_test ? lastInput(test) : 0));
  const done = await rehearse({
    rules: frame.rules,
    plan: speaking(frame.alerting),
    telemetry,
    evaluationIntervalMs: frame.evaluationIntervalMs,
    silences: silencesOf(test),
    restarts: test.restarts,
    questions: [...new Set(questions)],
    until,
  });
  const judged: Judged = { passed: 0, failures: [] };
  for (const one of test.alert_rule_test) judgeAlerts(one, { done, frame, judged });
  for (const one of test.state_test) judgeStates(one, { done, frame, judged });
  if (test.message_test) judgeMessages(test.message_test, { done, frame, judged });
  return judged;
}

interface Judging {
  done: Rehearsed;
  frame: Frame;
  judged: Judged;
}

function matcherProblem(test: RulesTest): string | undefined {
  for (const text of test.silences.flatMap((silence) => silence.matchers)) {
    const parsed = parseMatchers(text);
    if (!parsed.ok) return parsed.message;
  }
  return undefined;
}

/** "All messages of the test" reaches to where its input ends. */
function lastInput(test: RulesTest): number {
  const lengths = test.input_series.map(({ values }) => telemetryLength(values) * test.interval);
  return Math.max(0, ...lengths, ...test.input_events.map((event) => event.repeat?.until ?? event.at));
}

function telemetryLength(values: string): number {
  return values.split(/\s+/).reduce((sum, word) => sum + 1 + Number(/x(\d+)$/.exec(word)?.[1] ?? 0), 0) - 1;
}

/** Receivers without channels speak as well: a test asks what would be said, not through what. */
function speaking(plan: AlertingPlan | undefined): AlertingPlan {
  const base: AlertingPlan = plan ?? {
    root: buildRoute({ matchers: [], receiver: '', muteIntervals: [], activeIntervals: [], continues: false, children: [] }),
    receivers: new Map(),
    inhibitions: [],
    intervals: new Map(),
    resolveTimeoutMs: durationMs(300_000),
  };
  const mute = (receiver: string): Integration => ({ id: `${receiver}/test/0`, receiver, sendResolved: true, sender: null });
  return { ...base, receivers: new Map([...base.receivers].map(([name, integrations]) => [name, integrations.length > 0 ? integrations : [mute(name)]])) };
}

const alertsAt = ({ done }: Judging, at: DurationMs, name: string): Alert[] => (done.answers.get(unixMs(at)) ?? []).filter((alert) => alert.rule === name && alert.state !== 'resolved');

function judgeAlerts(test: RulesTest['alert_rule_test'][number], judging: Judging): void {
  const firing = alertsAt(judging, test.eval_time, test.alertname).filter((alert) => alert.state === 'firing');
  const withAnnotations = (test.exp_alerts ?? []).some((alert) => alert.exp_annotations !== undefined);
  const expected = (test.exp_alerts ?? []).map((alert) => ({ exp_labels: unnamed(alert.exp_labels), ...(withAnnotations ? { exp_annotations: alert.exp_annotations ?? {} } : {}) }));
  const got = firing.map((alert) => ({ exp_labels: unnamed(alert.labels), ...(withAnnotations ? { exp_annotations: alert.annotations } : {}) }));
  const text = (list: readonly { exp_labels: Labels; exp_annotations?: Labels }[]) => list.map((alert) => `${labelKey(alert.exp_labels)} ${labelKey(alert.exp_annotations ?? {})}`).sort();
  settle(judging, { at: formatDuration(test.eval_time), good: JSON.stringify(text(expected)) === JSON.stringify(text(got)), expected, got, what: test.alertname });
}

function judgeStates(test: RulesTest['state_test'][number], judging: Judging): void {
  const alerts = alertsAt(judging, test.eval_time, test.alertname);
  const expected = test.exp_states ?? [];
  const left = [...alerts];
  const unmatched = expected.filter(({ labels, state }) => {
    const at = left.findIndex((alert) => contains(alert.labels, labels) && descriptions(alert).includes(state));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const got = alerts.map((alert) => ({ labels: unnamed(alert.labels), state: descriptions(alert)[0] }));
  settle(judging, { at: formatDuration(test.eval_time), good: unmatched.length === 0 && left.length === 0, expected, got, what: test.alertname });
}

/** The most telling word first; an alert kept through missing data is still firing, too. */
function descriptions(alert: Alert): DescribedState[] {
  const base: DescribedState = alert.state === 'firing' ? (alert.clearSince === null ? 'firing' : 'keep_firing') : 'pending';
  if (alert.sight === 'error') return ['error', base];
  if (alert.sight === 'noData') return ['no_data', base];
  return alert.flapping ? ['flapping', base] : [base];
}

interface Message {
  receiver: string;
  at: UnixMs;
  status: 'firing' | 'resolved';
  reason: Notification['reason'];
  alerts: Labels[];
}

/** One message for each receiver and flush, however many channels carry it. */
function messagesOf(notifications: readonly Notification[]): Message[] {
  const seen = new Map<string, Message>();
  for (const one of notifications) {
    const key = `${one.receiver} ${one.groupKey} ${one.at}`;
    if (!seen.has(key)) seen.set(key, { receiver: one.receiver, at: one.at, status: one.status, reason: one.reason, alerts: one.alerts.map((alert) => alert.labels) });
  }
  return [...seen.values()];
}

function judgeMessages(expected: NonNullable<RulesTest['message_test']>, judging: Judging): void {
  const messages = messagesOf(judging.done.notifications);
  const readable = (message: Message | undefined) =>
    message ? { receiver: message.receiver, at: formatDuration(durationMs(message.at)), status: message.status, reason: message.reason, alerts: message.alerts } : 'no message';
  for (let index = 0; index < Math.max(expected.length, messages.length); index++) {
    const want = expected[index];
    const got = messages[index];
    const good = want !== undefined && got !== undefined && isMessage(got, want);
    const at = want ? `${formatDuration(want.between[0])}–${formatDuration(want.between[1])}` : formatDuration(durationMs(got?.at ?? 0));
    settle(judging, { at, good, expected: want ? { ...want, between: want.between.map(formatDuration) } : 'no message', got: readable(got), what: `message ${index + 1}` });
  }
  if (expected.length === 0 && messages.length === 0) judging.judged.passed++;
}

function isMessage(got: Message, want: NonNullable<RulesTest['message_test']>[number]): boolean {
  if (got.receiver !== want.receiver || got.at < want.between[0] || got.at > want.between[1]) return false;
  if ((want.status && want.status !== got.status) || (want.reason && want.reason !== got.reason)) return false;
  if (!want.alerts) return true;
  const left = [...got.alerts];
  for (const labels of want.alerts) {
    const at = left.findIndex((candidate) => contains(candidate, labels));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0;
}

const contains = (labels: Labels, part: Labels): boolean => Object.entries(part).every(([name, value]) => (labels[name] ?? '') === value);

function unnamed(labels: Labels): Labels {
  const { alertname: _name, ...rest } = labels;
  return rest;
}

function settle({ frame, judged }: Judging, result: { at: string; good: boolean; expected: unknown; got: unknown; what: string }): void {
  if (result.good) judged.passed++;
  else judged.failures.push({ test: `${frame.name}: ${result.what}`, at: result.at, expected: result.expected, got: result.got });
}
