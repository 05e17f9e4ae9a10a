import { z } from 'zod';
import type { Field } from '#lib/kinds.ts';
import { secretText } from '#lib/schema.ts';
import type { Secret } from '#lib/secret.ts';

/** The values a journey begins with, of whichever kind it is. */
export const valueShape = {
  variables: z.record(z.string(), z.coerce.string()).default({}),
  /** Like variables, but never shown in evidence. */
  secrets: z.record(z.string(), secretText).default({}),
};

export const valueFields: readonly Field[] = [
  { id: 'variables', label: { 'zh-CN': '变量', en: 'Variables' }, input: 'map', required: false, help: { 'zh-CN': '步骤里写作 {{名称}}', en: 'Written as {{name}} in steps' } },
  {
    id: 'secrets',
    label: { 'zh-CN': '密钥变量', en: 'Secret variables' },
    input: 'map',
    required: false,
    secret: true,
    help: { 'zh-CN': '同变量，但从不显示', en: 'Like variables, but never shown' },
  },
];

export const revealed = (secrets: Readonly<Record<string, Secret>>): Record<string, string> => Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()]));
