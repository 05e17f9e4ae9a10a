import type { Field } from '#lib/kinds.ts';
import { caField, verifyField } from './http-shape.ts';

/** Form inputs of the kinds that speak over a raw connection. */

export const addressField = (example: string): Field => ({
  id: 'address',
  label: { 'zh-CN': '地址', en: 'Address' },
  input: 'text',
  required: true,
  help: { 'zh-CN': `主机与端口，例如 ${example}`, en: `Host and port, for example ${example}` },
});

const certificate: readonly Field[] = [
  verifyField,
  caField,
  {
    id: 'certificate_valid_for',
    label: { 'zh-CN': '证书至少还有效', en: 'Certificate good for at least' },
    input: 'duration',
    required: false,
    help: { 'zh-CN': '例如 14d；更短即失败', en: 'For example 14d; less is a failure' },
  },
];

export const wireFields = {
  certificate,
  /** Encrypted from the first byte, or not at all. */
  fromStart: [{ id: 'tls', label: { 'zh-CN': '使用 TLS', en: 'Use TLS' }, input: 'switch', required: false, help: { 'zh-CN': '默认不用', en: 'Off by default' } }, ...certificate],
  /** Encrypted by a command of the protocol. */
  upgrade: [
    {
      id: 'starttls',
      label: { 'zh-CN': '中途升级到 TLS', en: 'Upgrade to TLS' },
      input: 'select',
      required: false,
      options: [
        { value: 'never', label: { 'zh-CN': '不升级', en: 'Never' } },
        { value: 'optional', label: { 'zh-CN': '服务器支持则升级', en: 'When the server offers it' } },
        { value: 'required', label: { 'zh-CN': '必须升级', en: 'Required' } },
      ],
    },
    ...certificate,
  ],
} as const satisfies Record<string, readonly Field[]>;
