import { z } from 'zod';
import { encodingOf } from '#collector/encoding.ts';
import { containers, continuations } from '#collector/formats/format.ts';
import { buildFormat, formatField } from '#collector/formats/index.ts';
import { proxiesField, proxiesText } from '#collector/formats/proxies.ts';
import { defineKind } from '#lib/kinds.ts';
import { durationText, idText, zoneText } from '#lib/schema.ts';
import { durationMs } from '#lib/time.ts';
import { startFileTail } from './file-tail.ts';
import type { Source } from './source.ts';

const encodingText = z.string().refine((name) => encodingOf(name) !== undefined, { message: 'not a known encoding', params: { hint: 'for example utf-8, gb18030, utf-16le' } });
const formatText = z.union([z.string(), z.looseObject({ kind: z.string() })]);

/** Log files on this machine, followed through rotation, truncation and restarts. */
export const file = defineKind({
  kind: 'file',
  label: { 'zh-CN': '日志文件', en: 'Log files' },
  fields: [
    { id: 'id', label: { 'zh-CN': '名称', en: 'Name' }, input: 'text', required: true },
    { id: 'service', label: { 'zh-CN': '所属服务', en: 'Service' }, input: 'text', required: true, from: 'services' },
    { id: 'paths', label: { 'zh-CN': '路径（可用通配符）', en: 'Paths (wildcards allowed)' }, input: 'list', required: true },
    formatField,
    {
      id: 'encoding',
      label: { 'zh-CN': '编码', en: 'Encoding' },
      input: 'text',
      required: false,
      help: { 'zh-CN': '默认 utf-8；中文旧系统常用 gb18030', en: 'utf-8 unless said otherwise; older Chinese systems often write gb18030' },
    },
    { id: 'zone', label: { 'zh-CN': '时区', en: 'Time zone' }, input: 'text', required: false },
    {
      id: 'multiline',
      label: { 'zh-CN': '多行合并', en: 'Events of several lines' },
      input: 'select',
      required: false,
      options: [
        { value: 'traces', label: { 'zh-CN': '异常堆栈', en: 'Stack traces' } },
        { value: 'dated', label: { 'zh-CN': '以时间开头的行起一条', en: 'A time begins an event' } },
        { value: 'indented', label: { 'zh-CN': '缩进行接上一条', en: 'Indented lines go on' } },
        { value: 'none', label: { 'zh-CN': '不合并', en: 'Each line is an event' } },
      ],
    },
    {
      id: 'container',
      label: { 'zh-CN': '容器日志', en: 'Container log' },
      input: 'select',
      required: false,
      options: [
        { value: 'docker', label: { 'zh-CN': 'Docker json-file', en: 'Docker json-file' } },
        { value: 'cri', label: { 'zh-CN': 'CRI（containerd、CRI-O）', en: 'CRI (containerd, CRI-O)' } },
      ],
    },
    proxiesField,
    {
      id: 'start_at',
      label: { 'zh-CN': '首次从哪里读起', en: 'Begins at' },
      input: 'select',
      required: false,
      options: [
        { value: 'beginning', label: { 'zh-CN': '文件开头', en: 'The beginning' } },
        { value: 'end', label: { 'zh-CN': '文件末尾', en: 'The end' } },
      ],
    },
    {
      id: 'idle',
      label: { 'zh-CN': '末行静止多久算完', en: 'A last line rests' },
      input: 'duration',
      required: false,
      help: { 'zh-CN': '没有换行的最后一行，过这么久就收下', en: 'A last line without a line feed is taken after this long' },
    },
    { id: 'year', label: { 'zh-CN': '年份', en: 'Year' }, input: 'number', required: false, help: { 'zh-CN': '日志没有写年份时使用', en: 'Used when the log names none' } },
    {
      id: 'colours',
      label: { 'zh-CN': '终端颜色码', en: 'Terminal colours' },
      input: 'select',
      required: false,
      options: [
        { value: 'remove', label: { 'zh-CN': '去掉', en: 'Taken out' } },
        { value: 'keep', label: { 'zh-CN': '保留', en: 'Kept' } },
      ],
    },
  ],
  shape: {
    id: idText,
    service: idText,
    paths: z.array(z.string().min(1)).min(1),
    format: formatText.superRefine((format, context) => {
      const built = buildFormat(formatConfig(format, {}));
      if (built.ok) return;
      for (const issue of built.issues) context.addIssue({ ...issue, path: typeof format === 'string' ? [] : [...issue.path] } as Parameters<typeof context.addIssue>[0]);
    }),
    encoding: encodingText.default('utf-8'),
    zone: zoneText.optional(),
    year: z.int().min(1970).max(2200).optional(),
    start_at: z.enum(['beginning', 'end']).default('beginning'),
    idle: durationText.default(durationMs(5_000)),
    multiline: z.enum([...continuations, 'none']).optional(),
    container: z.enum(containers).optional(),
    colours: z.enum(['remove', 'keep']).default('remove'),
    trusted_proxies: proxiesText.optional(),
  },
  make: ({ id, service, paths, format, encoding, zone, year, start_at: startAt, idle, multiline, container, colours, trusted_proxies: proxies }): Source => {
    const bytes = encodingOf(encoding);
    if (!bytes) throw new Error(`the schema let the encoding ${encoding} through`);
    const config = {
      id,
      service,
      paths,
      format: formatConfig(format, { zone, year, multiline, container, trusted_proxies: proxies }),
      encoding: bytes,
      startAt,
      idleMs: idle,
      keepColours: colours === 'keep',
    };
    return { id, kind: 'file', service, reads: { format: config.format, encoding: bytes }, start: (context) => startFileTail(config, context) };
  },
});

interface Inherited {
  zone?: string | undefined;
  year?: number | undefined;
  multiline?: string | undefined;
  container?: string | undefined;
  trusted_proxies?: readonly string[] | undefined;
}

/** `format: combined` and `format: { kind: combined, … }` mean the same; what the source says of its lines holds for its format. */
function formatConfig(format: z.output<typeof formatText>, inherited: Inherited): Record<string, unknown> {
  const said = Object.entries(inherited).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(said), ...(typeof format === 'string' ? { kind: format } : format) };
}
