/** `node test/log-truths.ts`: every sample log beside its truth, as a table; exit 1 on a difference nobody has explained. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readLogs } from '#collector/sources/otlp-logs.ts';
import { readMetrics } from '#collector/sources/otlp-metrics.ts';
import { unixMs } from '#lib/time.ts';
import { anyLines, type Case, cases, explained } from './log-truths/cases.ts';
import { accessRows, basicRows, caddyRows, columnRows, healthRows, levelRows, loginRows, openstackRows, type Row, rows, type Sample, snapshotRows, type Truth } from './log-truths/compare.ts';
import { alertRows, fieldRows } from './log-truths/events.ts';
import { eventsOf, summaryOf } from './log-truths/read.ts';

export const samples = new URL('../../shared/data/logs/', import.meta.url).pathname;
export const haveSamples = existsSync(`${samples}truths.json`);

export interface Verdict extends Row {
  verdict: 'same' | 'explained' | 'differs';
  why: string;
}

const isFolder = (path: string): boolean => statSync(`${samples}${path}`).isDirectory();
const filesOf = (path: string): string[] =>
  isFolder(path)
    ? readdirSync(`${samples}${path}`)
        .sort()
        .map((name) => `${path}/${name}`)
    : [path];

/** Every comparison, in the order of the samples. */
export async function compareAll(): Promise<Verdict[]> {
  const truths = JSON.parse(readFileSync(`${samples}truths.json`, 'utf8')) as Record<string, Truth>;
  const basic = truths._basic as Record<string, Truth>;
  const found: Row[] = [];
  const read = new Set<string>();
  for (const each of cases) {
    for (const path of filesOf(each.path)) {
      read.add(path);
      found.push(...(await compareFile(path, { each, truths, basic: basic[path] })));
    }
  }
  const others = Object.keys(basic).filter((path) => !read.has(path) && !path.startsWith('LICENSES'));
  for (const path of others) {
    if (path.startsWith('otlp-json')) continue;
    found.push(...basicRows({ path, summary: await summaryOf(anyLines, `${samples}${path}`) }, basic[path] ?? {}));
  }
  for (const path of Object.keys(truths).filter((name) => name.startsWith('otlp-json'))) found.push(...requestRows(path, truths[path] ?? {}));
  return judge(found);
}

async function compareFile(path: string, { each, truths, basic }: { each: Case; truths: Record<string, Truth>; basic: Truth | undefined }): Promise<Row[]> {
  const file = `${samples}${path}`;
  const [way = []] = each.ways;
  const sample: Sample = { path, file, summary: await summaryOf(way, file), events: await eventsOf(each.ways, file) };
  const perFile = ((truths[each.path]?.per_file ?? {}) as Record<string, Truth>)[path.slice(each.path.length + 1)];
  const own = [truths[path], each.path === path ? undefined : truths[each.path]].filter((truth) => truth !== undefined);
  return [...(basic ? basicRows(sample, basic) : []), ...(perFile ? levelRows(sample, perFile) : []), ...own.flatMap((truth) => truthRows(sample, truth))];
}

/** By what a truth speaks of. */
function truthRows(sample: Sample, truth: Truth): Row[] {
  if (truth.status_class !== undefined) return accessRows(sample, truth);
  if (truth.failed_auth_lines !== undefined) return loginRows(sample, truth);
  if (truth.log_lines_matching_oslo_format !== undefined) return openstackRows(sample, truth);
  if (truth['components(top)'] !== undefined) return healthRows(sample, truth);
  if (truth.directive_lines !== undefined) return columnRows(sample, truth);
  if (truth.json_lines !== undefined) return caddyRows(sample, truth);
  if (truth.documents !== undefined) return snapshotRows(sample, truth);
  if (truth.levels !== undefined) return levelRows(sample, truth);
  const { parser, alerts } = truth as { parser?: Truth; alerts?: Truth };
  return [...(parser && (parser.events as unknown[]).length > 0 ? fieldRows(sample, parser) : []), ...(alerts ? alertRows(sample, alerts) : [])];
}

/** Requests of OTLP: how many records or points each holds. Spans are not taken in. */
function requestRows(path: string, truth: Truth): Row[] {
  const files = isFolder(path) ? filesOf(path).filter((name) => name.endsWith('.json')) : [path];
  const now = unixMs(Date.parse('2026-05-17T12:00:00Z'));
  return files.flatMap((file) => {
    const request: unknown = JSON.parse(readFileSync(`${samples}${file}`, 'utf8'));
    if (truth.logRecords !== undefined) return rows(path, [['records', truth.logRecords, readLogs(request, { source: 'otlp', now }).rows.length]]);
    if (truth.dataPoints === undefined) return [];
    return rows(path, [['points', truth.dataPoints, readMetrics(request, now).points]]);
  });
}

function judge(found: readonly Row[]): Verdict[] {
  const used = new Set<string>();
  const verdicts = found.map((row): Verdict => {
    const same = canonical(row.expected) === canonical(row.got);
    const why = explained.find(({ path, what }) => path === row.path && what === row.what)?.why ?? '';
    if (!same && why !== '') used.add(`${row.path} ${row.what}`);
    return { ...row, why: same ? '' : why, verdict: same ? 'same' : why === '' ? 'differs' : 'explained' };
  });
  const idle = explained.filter(({ path, what }) => !used.has(`${path} ${what}`));
  return [...verdicts, ...idle.map(({ path, what }): Verdict => ({ path, what, expected: 'a difference', got: 'none', why: 'an explanation of nothing: remove it', verdict: 'differs' }))];
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, held: unknown) =>
    typeof held === 'object' && held !== null && !Array.isArray(held) ? Object.fromEntries(Object.entries(held).sort(([a], [b]) => (a < b ? -1 : 1))) : held,
  );

const short = (value: unknown): string => {
  const text = typeof value === 'string' ? value : canonical(value);
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
};

const mark = { same: '=', explained: '≠', differs: '✗' } as const;

async function main(): Promise<number> {
  if (!haveSamples) {
    console.error(`skipped: the sample logs are not at ${samples}`);
    return 0;
  }
  const verdicts = await compareAll();
  for (const { path, what, expected, got, verdict, why } of verdicts)
    console.log(`${mark[verdict]} ${path}  ${what}: ${short(expected)} → ${verdict === 'same' ? 'the same' : short(got)}${why === '' ? '' : `  (${why})`}`);
  const count = (verdict: Verdict['verdict']): number => verdicts.filter((one) => one.verdict === verdict).length;
  console.log(`${verdicts.length} comparisons: ${count('same')} the same, ${count('explained')} explained, ${count('differs')} differ`);
  return count('differs') === 0 ? 0 : 1;
}

if (process.argv[1] === new URL(import.meta.url).pathname) process.exitCode = await main();
