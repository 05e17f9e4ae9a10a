import { readdirSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { rulesTest } from './rules-test.ts';

const fixtures = new URL('../test/fixtures/rules/', import.meta.url);

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await rulesTest(argv, { out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}

async function write(text: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'fenghuo-rules-')), 'rules_test.yaml');
  await writeFile(file, text);
  return file;
}

describe('every scenario file holds', () => {
  test.each(readdirSync(fixtures).filter((name) => name.endsWith('.yaml')))('%s', async (name) => {
    const { code, out } = await run(new URL(name, fixtures).pathname, '--json');
    expect(JSON.parse(out)).toMatchObject({ failed: 0, failures: [] });
    expect(code).toBe(0);
  });
});

describe('what the command answers', () => {
  it('answers 1 and says what it expected and what it got when an expectation does not hold', async () => {
    const file = await write(`
rules: [ { alert: Down, kind: threshold, metric: up, below: 1 } ]
tests:
  - name: never
    input_series: [ { series: up, values: '1 1 1' } ]
    alert_rule_test: [ { eval_time: 1m, alertname: Down, exp_alerts: [ { exp_labels: {} } ] } ]
`);
    const { code, out } = await run(file, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({ passed: 0, failed: 1, failures: [{ test: 'never: Down', at: '1m', expected: [{ exp_labels: {} }], got: [] }] });
  });

  it('answers 1 for a file it cannot understand, with every reason', async () => {
    const file = await write(`
rules: [ { alert: Down, kind: threshold, metric: up, below: 1, fro: 5m }, { alert: Odd, kind: treshold } ]
tests: []
`);
    const { code, out } = await run(file, '--json');
    expect(code).toBe(1);
    const { failures } = JSON.parse(out) as { failures: { got: string }[] };
    expect(failures.map((failure) => failure.got).join('\n')).toMatch(/fro[\s\S]*treshold/);
  });

  it('answers 2 for wrong usage and 3 for a file that is not there', async () => {
    expect((await run()).code).toBe(2);
    expect((await run('--jsno', 'x')).code).toBe(2);
    expect((await run('/nowhere/at/all.yaml')).code).toBe(3);
  });

  it('a template that cannot be read keeps the alert and says so in the text', async () => {
    const file = await write(`
rules: [ { alert: Down, kind: threshold, metric: up, below: 1, annotations: { summary: '{{ nonsense }} {{ $labels.job }}' } } ]
tests:
  - input_series: [ { series: 'up{job="a"}', values: '0 0' } ]
    alert_rule_test: [ { eval_time: 1m, alertname: Down, exp_alerts: [ { exp_labels: { job: a }, exp_annotations: { summary: '<template: cannot read "nonsense"> a' } } ] } ]
`);
    expect((await run(file)).code).toBe(0);
  });

  it('labels that become the same are an error of the rule, never a merge', async () => {
    const file = await write(`
rules: [ { alert: Down, kind: threshold, metric: up, below: 1, labels: { job: all } } ]
tests:
  - input_series: [ { series: 'up{job="a"}', values: '0 0' }, { series: 'up{job="b"}', values: '0 0' } ]
    alert_rule_test: [ { eval_time: 1m, alertname: Down, exp_alerts: [] } ]
`);
    expect((await run(file)).code).toBe(0);
  });
});
