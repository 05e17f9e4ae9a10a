import { z } from 'zod';
import { formatField } from '#collector/formats/index.ts';
import { proxiesField, proxiesText } from '#collector/formats/proxies.ts';
import { defineKind } from '#lib/kinds.ts';
import { idText } from '#lib/schema.ts';
import { followJournal } from './journal-follow.ts';
import { configOf, formatText } from './line-format.ts';
import type { Source } from './source.ts';

const unitText = z.string().regex(/^[\w:.@*\\-]{1,255}$/, { message: 'not the name of a unit', params: { hint: 'for example sshd.service' } } as never);
const identifierText = z.string().regex(/^[^\0\n-][^\0\n]{0,254}$/, { message: 'not an identifier', params: { hint: 'for example sshd' } } as never);
const directoryText = z.string().regex(/^\/[^\0\n]{0,4000}$/, { message: 'not an absolute path', params: { hint: 'for example /var/log/journal' } } as never);

/** What this machine's systemd journal holds, read by its own program; where it was left is kept with what was read. */
export const journal = defineKind({
  kind: 'journal',
  label: { 'zh-CN': 'systemd 日志', en: 'systemd journal' },
  fields: [
    { id: 'id', label: { 'zh-CN': '名称', en: 'Name' }, input: 'text', required: true },
    { id: 'service', label: { 'zh-CN': '所属服务', en: 'Service' }, input: 'text', required: true, from: 'services' },
    { id: 'units', label: { 'zh-CN': '单元', en: 'Units' }, input: 'list', required: false, help: { 'zh-CN': '留空为全部，例如 nginx.service', en: 'All when empty; for example nginx.service' } },
    { id: 'identifiers', label: { 'zh-CN': '程序标识', en: 'Identifiers' }, input: 'list', required: false, help: { 'zh-CN': '例如 sshd、sudo', en: 'For example sshd, sudo' } },
    { ...formatField, required: false, help: { 'zh-CN': '正文的格式；来源、时间与级别总由 journal 给出', en: "How the text is written; where, when and how grave is the journal's to say" } },
    proxiesField,
    {
      id: 'start_at',
      label: { 'zh-CN': '首次从哪里读起', en: 'Begins at' },
      input: 'select',
      required: false,
      options: [
        { value: 'beginning', label: { 'zh-CN': '最早的', en: 'The oldest' } },
        { value: 'end', label: { 'zh-CN': '现在', en: 'Now' } },
      ],
    },
    { id: 'directory', label: { 'zh-CN': '日志目录', en: 'Directory' }, input: 'text', required: false, help: { 'zh-CN': '默认为本机的', en: "This machine's own by default" } },
  ],
  shape: {
    id: idText,
    service: idText,
    units: z.array(unitText).max(100).default([]),
    identifiers: z.array(identifierText).max(100).default([]),
    format: formatText.default('syslog'),
    trusted_proxies: proxiesText.optional(),
    start_at: z.enum(['beginning', 'end']).default('end'),
    directory: directoryText.optional(),
  },
  make: ({ id, service, format: written, trusted_proxies: proxies, start_at: startAt, ...chosen }): Source => {
    const format = { ...(proxies && { trusted_proxies: proxies }), ...configOf(written, undefined), envelope: 'syslog' };
    return { id, kind: 'journal', service, start: (context) => followJournal({ ...chosen, startAt, origin: { source: id, service, format } }, context) };
  },
});
