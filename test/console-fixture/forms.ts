import { parseConfig } from '#config';
import type { EntryView } from '#console/api/config-routes.ts';
import type { FormsView, Preview } from '#console/api/editing.ts';
import { diffLines } from '#lib/text-diff.ts';
import { formsOf } from '../../editing-forms.ts';

/** The real forms over an invented configuration, and two entries of it. */
const text = `site: { name: 演示 }
services: [ { id: invoice, name: { zh-CN: 发票查询, en: Invoice query } } ]
vantages: [ { id: bj-telecom, region: 北京, carrier: 电信 }, { id: gz-mobile, region: 广州, carrier: 移动 } ]
`;
const parsed = parseConfig([{ file: 'fenghuo.yaml', text }], { environment: {}, root: '.' });
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
export const forms: FormsView = formsOf(parsed.config, { closed: null, folder: 'conf.d' });

const before = 'probes:\n  - id: mobile-login\n    kind: http\n    interval: 10s # often\n    bearer: •••\n';
const after = 'probes:\n  - id: mobile-login\n    kind: http\n    interval: 30s # often\n    bearer: •••*\n';
const diff = diffLines(before, after);
const changes = [
  {
    id: '00000001',
    at: '2026-11-24T02:40:00.000Z',
    actor: '演示甲',
    action: 'edit' as const,
    section: 'probes' as const,
    entry: 'mobile-login',
    file: 'conf.d/probe-mobile-login.yaml',
    diff,
    undoable: true,
  },
];
const common = { line: 3, texts: {}, readOnly: null };
export const entries: Readonly<Record<string, EntryView>> = {
  'probes/mobile-login': {
    ...common,
    ...{ section: 'probes', id: 'mobile-login', kind: 'http', file: 'conf.d/probe-mobile-login.yaml', yaml: '- id: mobile-login\n  kind: http\n  url: https://invoice.example/login', changes },
    values: {
      ...{
        id: 'mobile-login',
        kind: 'http',
        service: 'invoice',
        url: 'https://invoice.example/login',
        interval: '10s',
        vantages: ['bj-telecom'],
        bearer: '•••',
        headers: { accept: '*/*', 'x-api-key': '•••' },
      },
      assert: [{ status: 200 }, { json: '$.code', equals: '001' }, { contains: '发票' }, { size: { min: 500 } }],
    },
  },
  'sources/access': {
    ...common,
    ...{ section: 'sources', id: 'access', kind: 'file', file: 'fenghuo.yaml', yaml: '- { id: access, kind: file }', changes: [] },
    values: { id: 'access', kind: 'file', service: 'invoice', paths: ['/var/log/nginx/access*.log'], format: { kind: 'combined', zone: 'Asia/Shanghai' } },
  },
  'probes/script': {
    ...common,
    ...{ section: 'probes', id: 'script', kind: 'exec', file: 'fenghuo.yaml', yaml: '- { id: script, kind: exec, command: /usr/local/bin/look }', changes: [], values: {} },
    readOnly: forms.sections.probes.find(({ kind }) => kind === 'exec')?.readOnly ?? null,
  },
};

/** What a write is answered with. */
export function formAnswer(path: string): unknown {
  if (path.endsWith('/preview')) return { action: 'edit', file: 'conf.d/probe-mobile-login.yaml', hash: 'h1', diff, problems: [], elsewhere: [] } satisfies Preview;
  if (path.endsWith('/removal')) return { action: 'remove', file: 'conf.d/probe-mobile-login.yaml', hash: 'h1', diff: diffLines(before, ''), problems: [], elsewhere: [] } satisfies Preview;
  if (path.endsWith('/apply') || path.endsWith('/remove') || path.endsWith('/undo')) return { change: '00000002', entry: 'mobile-login', file: 'conf.d/probe-mobile-login.yaml' };
  return undefined;
}
