import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { unixMs } from '#lib/time.ts';
import { routesTest, routesTestAnswer } from './routes-test.ts';
import { type AlertingSettings, alertingSection, rulesSection } from './settings.ts';

/** A file as it stands at many places, unchanged. */
const existing = `
global:
  smtp_smarthost: 'mail.example:587'
  smtp_from: 'alertmanager@example.org'
  smtp_auth_username: alertmanager
  smtp_auth_password: password
  resolve_timeout: 5m
templates: ['/etc/alertmanager/template/*.tmpl']
route:
  group_by: ['alertname', 'cluster']
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 3h
  receiver: team-mails
  routes:
    - match_re: { service: '^(invoice|login)$' }
      receiver: team-invoice
      routes:
        - match: { severity: critical }
          receiver: team-pager
          continue: true
        - matchers: [ 'severity = "critical"', owner=~"db|infra" ]
          receiver: team-db
          group_by: ['...']
          mute_time_intervals: [night]
    - matchers: [ '{job="files", severity!~"info|debug"}' ]
      receiver: team-files
      active_time_intervals: [office]
receivers:
  - name: team-mails
    email_configs: [ { to: 'team@example.org', require_tls: false, headers: { Subject: '{{ .CommonLabels.alertname }}' }, html: '{{ template "email.default.html" . }}' } ]
  - name: team-invoice
    email_configs: [ { to: 'a@example.org, b@example.org', send_resolved: true } ]
    webhook_configs: [ { url: 'http://127.0.0.1:5001/', max_alerts: 10, http_config: { basic_auth: { username: u, password: p } } } ]
  - name: team-pager
    webhook_configs: [ { url: 'https://hook.example/x', send_resolved: false } ]
  - { name: team-db, webhook_configs: [ { url: 'https://hook.example/db' } ] }
  - { name: team-files }
inhibit_rules:
  - source_matchers: [ severity="critical" ]
    target_matchers: [ severity="warning" ]
    equal: [alertname, cluster]
  - { source_match: { severity: critical }, target_match_re: { severity: 'warning|info' } }
time_intervals:
  - name: night
    time_intervals: [ { times: [ { start_time: '22:00', end_time: '24:00' }, { start_time: '00:00', end_time: '06:00' } ], location: Asia/Shanghai } ]
mute_time_intervals:
  - name: office
    time_intervals: [ { weekdays: ['monday:friday'], times: [ { start_time: '09:00', end_time: '17:00' } ], months: ['1:12'], days_of_month: ['1:-1'], years: ['2020:2030'] } ]
`;

const plan = (): AlertingSettings => alertingSection.parse(parse(existing));
const names = (labels: Record<string, string>) => routesTestAnswer(plan(), labels, unixMs(0)).receivers.map((receiver) => receiver.name);

describe("an existing Alertmanager's file", () => {
  it('is read unchanged, with every default inherited', () => {
    const [db] = routesTestAnswer(plan(), { service: 'login', severity: 'critical', owner: 'db' }, unixMs(0)).receivers.slice(1);
    expect(db).toMatchObject({
      name: 'team-db',
      groupBy: ['...'],
      groupWait: '30s',
      groupInterval: '5m',
      repeatInterval: '3h',
      channels: [{ kind: 'webhook', to: 'hook.example', sendResolved: true }],
    });
    expect(db?.path[0]).toBe('root');
    expect(plan().inhibitions).toHaveLength(2);
  });

  test.each([
    { name: 'what no route matches goes to the root', labels: { service: 'other' }, to: ['team-mails'] },
    { name: 'a node without a matching child handles it itself', labels: { service: 'invoice', severity: 'warning' }, to: ['team-invoice'] },
    { name: 'the first matching child wins, unless it continues', labels: { service: 'invoice', severity: 'critical', owner: 'infra' }, to: ['team-pager', 'team-db'] },
    { name: 'patterns hold for the whole value', labels: { service: 'invoices' }, to: ['team-mails'] },
    { name: 'an absent label counts as empty', labels: { job: 'files' }, to: ['team-files'] },
    { name: 'a negative pattern keeps out', labels: { job: 'files', severity: 'debug' }, to: ['team-mails'] },
  ])('$name', ({ labels, to }) => {
    expect(names(labels)).toEqual(to);
  });

  it('says which intervals keep a receiver quiet now', () => {
    const night = unixMs(Date.parse('2026-07-27T15:00:00Z'));
    const quiet = routesTestAnswer(plan(), { service: 'login', severity: 'critical', owner: 'db' }, night).mutedBy;
    expect(quiet).toMatchObject([{ by: 'interval', name: 'night', receiver: 'team-db' }]);
    expect(new Date(quiet[0]?.until ?? 0).toISOString()).toBe('2026-07-27T22:00:00.000Z');
  });

  it('answers the command line in JSON, and wrong usage with 2', () => {
    const out: string[] = [];
    const io = { out: (text: string) => void out.push(text), err: () => {}, now: unixMs(0) };
    expect(routesTest(plan(), ['service=invoice', '--json'], io)).toBe(0);
    expect(JSON.parse(out.join(''))).toMatchObject({ receivers: [{ name: 'team-invoice', groupBy: ['alertname', 'cluster'], groupWait: '30s' }], mutedBy: [] });
    expect(routesTest(plan(), ['service'], io)).toBe(2);
    expect(routesTest(plan(), [], io)).toBe(2);
  });
});

const problems = (section: typeof alertingSection | typeof rulesSection, raw: unknown) => {
  const parsed = section.safeParse(raw);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
};

describe('every mistake is pointed at', () => {
  it('in the alerting section, all in one go', () => {
    const found = problems(alertingSection, {
      route: {
        receiver: 'nobody',
        group_wait: '30',
        routes: [
          { matchers: ['severity=~"("'], receiver: 'ops' },
          { receiver: 'gone', mute_time_intervals: ['never'] },
        ],
      },
      receivers: [
        { name: 'ops', slack_configs: [{}], email_configs: [{ too: 'a@b.example' }] },
        { name: 'hook', webhook_configs: [{ url: 'ftp://x' }] },
      ],
    });
    const text = found.join('\n');
    for (const says of [
      /route\.group_wait/,
      /route\.routes\.0\.matchers.*bad regular expression/,
      /there is no receiver "nobody"/,
      /there is no receiver "gone"/,
      /no time interval "never"/,
      /slack_configs/,
      /email_configs\.0\.too/,
      /webhook_configs\.0\.url/,
    ])
      expect(text).toMatch(says);
  });

  it('unknown receivers, intervals and channels', () => {
    const found = problems(alertingSection, {
      route: { receiver: 'nobody', routes: [{ receiver: 'gone', mute_time_intervals: ['never'] }] },
      receivers: [
        { name: 'ops', slack_configs: [{}], email_configs: [{ too: 'a@b.example' }] },
        { name: 'hook', webhook_configs: [{ url: 'ftp://x', secret: 'not base64!' }] },
      ],
    }).join('\n');
    expect(found).toMatch(/route\.receiver: there is no receiver "nobody"/);
    expect(found).toMatch(/route\.routes\.0\.receiver: there is no receiver "gone"/);
    expect(found).toMatch(/route\.routes\.0\.mute_time_intervals\.0: there is no time interval "never"/);
    expect(found).toMatch(/receivers\.0\.slack_configs: "slack_configs" is a channel we do not have/);
    expect(found).toMatch(/receivers\.0\.email_configs\.0\.too/);
    expect(found).toMatch(/receivers\.1\.webhook_configs\.0\.url: must be an http/);
  });

  test.each([
    { name: 'a root route that matches only some', raw: { route: { receiver: 'a', matchers: ['x="y"'] }, receivers: [{ name: 'a' }] }, says: /route\.matchers: the root route must match everything/ },
    { name: 'a root route without receiver', raw: { route: {}, receivers: [] }, says: /route\.receiver: the root route needs a receiver/ },
    {
      name: 'a night in one range',
      raw: { route: { receiver: 'a' }, receivers: [{ name: 'a' }], time_intervals: [{ name: 'n', time_intervals: [{ times: [{ start_time: '22:00', end_time: '06:00' }] }] }] },
      says: /the start must lie before the end/,
    },
    {
      name: 'a day that is none',
      raw: { route: { receiver: 'a' }, receivers: [{ name: 'a' }], time_intervals: [{ name: 'n', time_intervals: [{ weekdays: ['funday'] }] }] },
      says: /"funday" is not a range/,
    },
  ])('$name', ({ raw, says }) => {
    expect(problems(alertingSection, raw).join('\n')).toMatch(says);
  });

  test.each([
    { name: 'an unknown kind', rule: { alert: 'A', kind: 'guess' }, says: /0\.kind: "guess" is not a known kind/ },
    { name: 'a threshold without a line', rule: { alert: 'A', kind: 'threshold', metric: 'up' }, says: /0\.above: a threshold needs either/ },
    { name: 'a recovery line over the alert line', rule: { alert: 'A', kind: 'threshold', metric: 'up', above: 1, recover_below: 2 }, says: /0\.recover_below: must not lie over/ },
    { name: 'more failures than looks', rule: { alert: 'A', kind: 'probe', probes: ['p'], fail: 3, of: 2 }, says: /0\.fail: 3 of the last 2/ },
    { name: 'a signal nobody counts', rule: { alert: 'A', kind: 'ratio', of: 'request.errorz', over: 'request.total', above: 0.1 }, says: /0\.of/ },
    { name: 'a duration without unit', rule: { alert: 'A', kind: 'ratio', of: 'request.errors', over: 'request.total', above: 0.1, for: 30 }, says: /0\.for.*unit|0\.for/ },
  ])('$name', ({ rule, says }) => {
    expect(problems(rulesSection, [rule]).join('\n')).toMatch(says);
  });
});
