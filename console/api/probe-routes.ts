import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { CheckResult } from '#collector/check.ts';
import { iso, type UnixMs, unixMs } from '#lib/time.ts';
import { answer, notFound, refuse } from './answers.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { expiriesOf } from './expiries.ts';
import { input, rangeShape, spanOf } from './inputs.ts';
import type { Catalogue, CatalogueProbe } from './ports.ts';
import { lookBack, probeFacts, probeRows } from './probe-rows.ts';
import type { CheckRecord } from './questions.ts';
import { about, actorOf, type Routes } from './routes.ts';
import { heatmapView, seriesView } from './series-view.ts';
import type { CheckView, ProbeRow, ProbeView } from './views.ts';

const recordView = ({ at, probe: _, ...rest }: CheckRecord): CheckView => ({ at: iso(at), ...rest });

export function resultView({ at, vantage, durationMs, outcome, phases, evidence, attempt, maintenance = false }: CheckResult): CheckView {
  const failureKind = outcome.kind === 'fail' ? outcome.failure.kind : null;
  const reason = outcome.kind === 'fail' ? outcome.failure.reason : outcome.kind === 'pass' ? null : (outcome.reason ?? null);
  return { at: iso(at), vantage, durationMs, outcome: outcome.kind, failureKind, reason, phases: { ...phases }, evidence: { ...evidence }, attempt, maintenance };
}

const runQuery = z.object({ vantage: z.string().max(100).optional() });

const elsewhereOnly = (c: Context, vantage: string) =>
  refuse(c, 422, { code: 'invalid', message: { 'zh-CN': `这个探测不能在这台机器上从探测点 ${vantage} 立即运行`, en: `this probe cannot be run from the vantage ${vantage} on this machine` } });

/** Where a probe can be looked from at once: a far vantage looks by its own clock. */
export function runsFrom({ vantages }: Pick<Catalogue, 'vantages'>, probe: Pick<CatalogueProbe, 'vantages'>): ProbeView['runsFrom'] {
  const known = new Map(vantages.map((vantage) => [vantage.id, vantage]));
  return probe.vantages.flatMap((id) => {
    const vantage = known.get(id);
    return vantage?.far ? [] : [{ id, name: [vantage?.region, vantage?.carrier].filter(Boolean).join(' · ') || id }];
  });
}

async function rowsOf({ ports }: Routes, probes: readonly CatalogueProbe[], now: UnixMs): Promise<ProbeRow[]> {
  const scope = probes.length === 1 ? { probes: probes.map((probe) => probe.id) } : {};
  const span = { from: unixMs(now - lookBack(probes, 60)), until: unixMs(now + 1) };
  const [facts, recent] = await Promise.all([probeFacts(ports, now), ports.questions.recentChecks({ span, scope, each: 60, by: 'probe' })]);
  return probeRows({ probes, components: ports.catalogue().components }, facts, recent);
}

export function probeRoutes(routes: Routes) {
  const { ports, clock, once } = routes;
  const byId = (id: string) => ports.catalogue().probes.find((probe) => probe.id === id);
  return new Hono<SignedIn>()
    .get('/probes', about('probes', 'Every probe with its state, speed, availability, coverage and last 60 checks'), requireRole('viewer'), async (c) =>
      answer<{ probes: ProbeRow[] }>(c, { probes: await once('probes', () => rowsOf(routes, ports.catalogue().probes, clock.now())) }),
    )
    .get(
      '/probes/:id',
      about('probes', 'One probe over a range: latency, heatmap, failures with evidence, waterfall, the rules that watch it'),
      requireRole('viewer'),
      input('query', z.object(rangeShape)),
      async (c) => {
        const probe = byId(c.req.param('id'));
        if (!probe) return notFound(c);
        const now = clock.now();
        const range = spanOf(c.req.valid('query'), now);
        if (!range.ok) return refuse(c, 422, { code: 'invalid', message: { 'zh-CN': range.message, en: range.message }, problems: [{ path: range.path, message: range.message, hint: '' }] });
        return answer<ProbeView>(c, await once(`probe ${probe.id} ${JSON.stringify(c.req.query())}`, () => probeView(routes, probe, { now, span: range.span })));
      },
    )
    .post('/probes/:id/run', about('probes', 'One check now'), sameOrigin(), requireRole('responder'), input('query', runQuery), async (c) => {
      const id = c.req.param('id');
      const now = clock.now();
      const { vantage = null } = c.req.valid('query');
      const probe = byId(id);
      if (!probe) return notFound(c);
      if (vantage !== null && !runsFrom(ports.catalogue(), probe).some((one) => one.id === vantage)) return elsewhereOnly(c, vantage);
      const result = await ports.probes.run({ id, vantage, now });
      if (!result) return notFound(c);
      await ports.audit.append({ at: now, actor: actorOf(c), action: 'probe.run', subject: `probe/${id}`, detail: { outcome: result.outcome.kind, vantage: result.vantage } });
      return answer<CheckView>(c, resultView(result));
    });
}

async function probeView(routes: Routes, probe: CatalogueProbe, { now, span }: { now: UnixMs; span: { from: UnixMs; until: UnixMs } }): Promise<ProbeView> {
  const { questions, alerts } = routes.ports;
  const scope = { probes: [probe.id] };
  const line = { span, now, scope };
  // A probe that looks every six hours may have no check in the range at all.
  const sinceLast = { from: unixMs(now - lookBack([probe], 3)), until: unixMs(now + 1) };
  const [rows, latency, heatmap, failures, recent, waterfall, entries, newest] = await Promise.all([
    rowsOf(routes, [probe], now),
    questions.checkLatency({ ...line, by: 'all', quantiles: [0.5, 0.95] }),
    questions.checkHeatmap(line),
    questions.checkRecords({ span, probe: probe.id, failuresOnly: true, limit: 100 }),
    questions.checkRecords({ span, probe: probe.id, failuresOnly: false, limit: 60 }),
    questions.phaseTimes({ span, probe: probe.id }),
    alerts.entries({ state: 'active', now }),
    questions.checkRecords({ span: sinceLast, probe: probe.id, failuresOnly: false, limit: 3 }),
  ]);
  const [row] = rows;
  if (!row) throw new Error(`no row for probe ${probe.id}`);
  const watching = alerts.rules().filter((rule) => rule.probes.includes(probe.id));
  const stateOf = (rule: string): string => entries.find((entry) => entry.alert.rule === rule && (entry.alert.labels.probe ?? probe.id) === probe.id)?.alert.state ?? 'inactive';
  return {
    probe: row,
    yaml: probe.yaml,
    latency: seriesView(latency, 'seconds'),
    heatmap: heatmapView(heatmap),
    failures: failures.map(recordView),
    recent: recent.map(recordView),
    waterfall: [...waterfall],
    rules: watching.map((rule) => ({ name: rule.name, title: rule.title, state: stateOf(rule.name) })),
    runsFrom: runsFrom(routes.ports.catalogue(), probe),
    expiries: expiriesOf(newest),
  };
}
