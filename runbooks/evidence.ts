import type { Bilingual } from '#lib/text.ts';
import { minute, type UnixMs, unixMs } from '#lib/time.ts';
import { figuresNow } from './action.ts';
import { formatMeasure } from './gate.ts';
import { fillGate, progressReason } from './gate-reading.ts';
import type { Incident } from './incident.ts';
import type { Evidence, Run } from './run.ts';
import type { Step } from './runbook.ts';
import { gateKey, type Ward } from './ward.ts';

/** What is known at the moment a step closes: the gate's reading in words, the service's figures, and the panels beside the step. */
export async function freezeEvidence(ward: Ward, { incident, run, step }: { incident: Incident; run: Run; step: Step }, now: UnixMs): Promise<Evidence> {
  const progress = ward.gates.get(gateKey(run.id, step.id)) ?? null;
  const figures = await figuresNow(ward.facts, incident.service, { from: unixMs(now - minute), until: now });
  const panels = ward.evidence && step.panels.length > 0 ? await ward.evidence.freeze({ panels: step.panels, service: incident.service, now }).catch(() => null) : null;
  const known = figures.flatMap(({ title, unit, value, samples }) => (value === null ? [] : [{ title, text: formatMeasure(unit === 'ratio' ? 'error_ratio' : 'p95', value), samples }]));
  const words = (language: keyof Bilingual): string => {
    const gate = step.gate ? [progressReason(fillGate(step.gate, run.params), progress)[language]] : [];
    const rest = known.map(({ title, text, samples }) => (language === 'zh-CN' ? `${title['zh-CN']} ${text}（${samples} 次）` : `${title.en} ${text} (${samples})`));
    return [...gate, ...(rest.length > 0 ? rest : [language === 'zh-CN' ? '近一分钟没有数据' : 'no data in the last minute'])].join(language === 'zh-CN' ? '；' : '; ');
  };
  return { at: now, text: { 'zh-CN': words('zh-CN'), en: words('en') }, panels: panels ?? figures };
}
