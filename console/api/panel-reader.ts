import type { Clock } from '#lib/clock.ts';
import type { Span } from '#lib/series.ts';
import { minute, type UnixMs, unixMs } from '#lib/time.ts';
import { type Panel, panelById, thresholdsFor } from './panels.ts';
import type { AlertDesk, Catalogue } from './ports.ts';
import type { Questions, Scope } from './questions.ts';
import type { PanelView } from './views.ts';

export interface PanelReader {
  read(panel: Panel, asked: { span: Span; now: UnixMs; scope: Scope; compare: 'none' | 'week' }): Promise<PanelView>;
  /** The panels beside a runbook step, over the half hour that ends now; unknown ids are left out. */
  beside(ids: readonly string[], asked: { service: string; now: UnixMs }): Promise<PanelView[]>;
}

const blank = { type: 'top', rows: [], distinct: 0 } as const;
const besideMs = 30 * minute;

/** Draws panels out of questions; one that cannot be read says why instead of taking the others along. */
export function createPanelReader({ questions, catalogue, alerts, clock }: { questions: Questions; catalogue(): Catalogue; alerts: Pick<AlertDesk, 'rules'>; clock: Clock }): PanelReader {
  const read: PanelReader['read'] = async (panel, asked) => {
    const view = { id: panel.id, title: panel.title, subtitle: panel.subtitle, span: panel.span, thresholds: thresholdsFor(panel.measure, alerts.rules()) };
    try {
      const { data, sql } = await panel.read({ ...asked, questions, catalogue: catalogue() });
      return { ...view, data, query: sql, ageMs: Math.max(0, clock.now() - asked.now), error: null };
    } catch (error) {
      return { ...view, data: { ...blank, rows: [] }, query: '', ageMs: 0, error: error instanceof Error ? error.message.slice(0, 300) : 'not readable' };
    }
  };
  return {
    read,
    async beside(ids, { service, now }) {
      const known = ids.flatMap((id) => panelById(id) ?? []);
      const span = { from: unixMs(now - besideMs), until: now };
      return Promise.all(known.map((panel) => read(panel, { span, now, scope: service === '' ? {} : { services: [service] }, compare: 'none' })));
    },
  };
}

/** What the runbook engine calls when a step closes: the panels beside it as they were, as plain JSON. */
export const createEvidence = (reader: PanelReader) => ({
  freeze: ({ panels, service, now }: { panels: readonly string[]; service: string; now: UnixMs }): Promise<unknown> => reader.beside(panels, { service, now }),
});
