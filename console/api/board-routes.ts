import { Hono } from 'hono';
import { z } from 'zod';
import type { Span } from '#lib/series.ts';
import { iso, type UnixMs } from '#lib/time.ts';
import { answer, notFound, refuse } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { type Board, boards, marksBetween } from './boards.ts';
import { input, rangeShape, shortText, spanOf } from './inputs.ts';
import { panelById } from './panels.ts';
import type { Scope } from './questions.ts';
import { about, type Routes } from './routes.ts';
import type { BoardView, PanelView } from './views.ts';

const query = z.object({ ...rangeShape, compare: z.enum(['none', 'week']).default('none'), service: shortText.optional() });

const invalid = (c: Parameters<typeof refuse>[0], { path, message }: { path: string; message: string }) =>
  refuse(c, 422, { code: 'invalid', message: { 'zh-CN': message, en: message }, problems: [{ path, message, hint: '' }] });

export function boardRoutes(routes: Routes) {
  const { clock, once, panels } = routes;
  return new Hono<SignedIn>()
    .get('/boards', about('boards', 'The boards there are'), requireRole('viewer'), (c) =>
      answer<{ boards: { id: string; title: BoardView['title'] }[] }>(c, { boards: boards.map(({ id, title }) => ({ id, title })) }),
    )
    .get('/boards/:id', about('boards', 'One board: its sentence, panels with their data, and marks'), requireRole('viewer'), input('query', query), async (c) => {
      const board = boards.find((candidate) => candidate.id === c.req.param('id'));
      if (!board) return notFound(c);
      const asked = c.req.valid('query');
      const now = clock.now();
      const range = spanOf(asked, now);
      if (!range.ok) return invalid(c, range);
      const scope: Scope = asked.service === undefined ? {} : { services: [asked.service] };
      return answer<BoardView>(c, await once(`board ${board.id} ${JSON.stringify(asked)}`, () => boardView(routes, board, { now, span: range.span, scope, compare: asked.compare })));
    })
    .get('/panels/:id', about('boards', 'One panel by itself'), requireRole('viewer'), input('query', query), async (c) => {
      const panel = panelById(c.req.param('id'));
      if (!panel) return notFound(c);
      const asked = c.req.valid('query');
      const now = clock.now();
      const range = spanOf(asked, now);
      if (!range.ok) return invalid(c, range);
      const scope: Scope = asked.service === undefined ? {} : { services: [asked.service] };
      return answer<PanelView>(c, await once(`panel ${panel.id} ${JSON.stringify(asked)}`, () => panels.read(panel, { span: range.span, now, scope, compare: asked.compare })));
    });
}

async function boardView({ ports, panels }: Routes, board: Board, asked: { now: UnixMs; span: Span; scope: Scope; compare: 'none' | 'week' }): Promise<BoardView> {
  const { now, span, scope } = asked;
  const [sentence, drawn, marks] = await Promise.all([
    board.headline({ questions: ports.questions, now, zone: ports.site().zone, scope, from: span.from }),
    Promise.all(board.panels.flatMap((id) => panelById(id) ?? []).map((panel) => panels.read(panel, asked))),
    marksBetween(ports, span),
  ]);
  return { id: board.id, title: board.title, sentence, from: iso(span.from), to: iso(span.until), panels: drawn, marks: marks.map((mark) => ({ ...mark, at: iso(mark.at) })) };
}
