import { z } from 'zod';
import { caField, lineShape, verifyField } from '#collector/probes/http-shape.ts';
import { defineKind } from '#lib/kinds.ts';
import { durationText, idText, labelMap, secretText } from '#lib/schema.ts';
import { mostRows } from './ingest.ts';
import { startScraping } from './scraping.ts';
import type { Source } from './source.ts';

/** A whole address, or `host:port` for its page `/metrics`. */
const targetText = z.string().transform((text, context): URL => {
  const whole = /^https?:\/\//.test(text) ? text : `http://${text}/metrics`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url && url.hostname !== '' && (text === whole || /^(\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}$/.test(text))) return url;
  context.addIssue({ code: 'custom', message: `"${text}" is no target`, params: { hint: 'for example 127.0.0.1:9100 or https://host.example/metrics' } });
  return z.NEVER;
});

/** Pages of samples as programs expose them for Prometheus. */
export const scrape = defineKind({
  kind: 'scrape',
  label: { 'zh-CN': '抓取 Prometheus 指标', en: 'Scrape of Prometheus metrics' },
  fields: [
    { id: 'id', label: { 'zh-CN': '名称', en: 'Name' }, input: 'text', required: true },
    { id: 'service', label: { 'zh-CN': '所属服务', en: 'Service' }, input: 'text', required: true, from: 'services' },
    {
      id: 'targets',
      label: { 'zh-CN': '目标', en: 'Targets' },
      input: 'list',
      required: true,
      help: { 'zh-CN': '例如 127.0.0.1:9100 或 https://host.example/metrics', en: 'For example 127.0.0.1:9100 or https://host.example/metrics' },
    },
    { id: 'interval', label: { 'zh-CN': '间隔', en: 'Interval' }, input: 'duration', required: false },
    { id: 'timeout', label: { 'zh-CN': '超时', en: 'Timeout' }, input: 'duration', required: false },
    { id: 'job', label: { 'zh-CN': '标签 job', en: 'Label job' }, input: 'text', required: false, help: { 'zh-CN': '默认与名称相同', en: 'The name when not given' } },
    { id: 'honor_labels', label: { 'zh-CN': '保留目标自己的标签', en: "Keep the target's own labels" }, input: 'switch', required: false },
    { id: 'bearer_token', label: { 'zh-CN': '令牌', en: 'Bearer token' }, input: 'secret', required: false },
    { id: 'basic_auth.username', label: { 'zh-CN': 'Basic 用户名', en: 'Basic user' }, input: 'text', required: false },
    { id: 'basic_auth.password', label: { 'zh-CN': 'Basic 密码', en: 'Basic password' }, input: 'secret', required: false },
    { id: 'labels', label: { 'zh-CN': '附加标签', en: 'Labels added' }, input: 'map', required: false },
    { id: 'honor_timestamps', label: { 'zh-CN': '采用目标给出的时间', en: "Keep the target's own times" }, input: 'switch', required: false },
    verifyField,
    caField,
    { id: 'body_size_limit', label: { 'zh-CN': '最多读取字节', en: 'Bytes read at most' }, input: 'number', required: false },
    { id: 'sample_limit', label: { 'zh-CN': '最多样本数', en: 'Samples at most' }, input: 'number', required: false },
  ],
  shape: {
    id: idText,
    service: idText,
    targets: z.array(targetText).min(1).max(1_000),
    interval: durationText.prefault('15s'),
    timeout: durationText.optional(),
    job: z.string().min(1).max(200).optional(),
    labels: labelMap.prefault({}),
    honor_labels: z.boolean().default(false),
    honor_timestamps: z.boolean().default(true),
    basic_auth: z.strictObject({ username: z.string().min(1), password: secretText }).optional(),
    bearer_token: secretText.optional(),
    verify_certificate: lineShape.verify_certificate,
    ca: lineShape.ca,
    metadata_addresses: lineShape.metadata_addresses,
    /** Bytes of a page at most, unpacked. */
    body_size_limit: z.int().min(1_000).max(64_000_000).default(16_000_000),
    sample_limit: z.int().min(1).max(mostRows).default(mostRows),
  },
  agree: ({ interval, timeout, basic_auth: basic, bearer_token: bearer }) => [
    ...(interval < 1_000 ? [{ path: ['interval'], message: 'shorter than a second', hint: '15s is usual' }] : []),
    ...(timeout !== undefined && timeout > interval ? [{ path: ['timeout'], message: 'longer than the interval', hint: 'a scrape must be over before the next begins' }] : []),
    ...(basic && bearer ? [{ path: ['bearer_token'], message: 'beside basic_auth', hint: 'keep one of the two' }] : []),
  ],
  make: ({ basic_auth: basic, bearer_token: bearer, ...config }): Source => ({
    id: config.id,
    kind: 'scrape',
    service: config.service,
    start: (context) =>
      startScraping(
        {
          ...{ id: config.id, service: config.service, job: config.job ?? config.id, targets: config.targets, labels: config.labels },
          ...{ intervalMs: config.interval, timeoutMs: config.timeout ?? Math.min(config.interval, 10_000) },
          ...{ honorLabels: config.honor_labels, honorTimestamps: config.honor_timestamps, mostBytes: config.body_size_limit, mostSamples: config.sample_limit },
          line: { sourceAddress: null, verifyCertificate: config.verify_certificate, ca: config.ca ?? null, allowMetadata: config.metadata_addresses === 'allow' },
          authorization: () => (bearer ? `Bearer ${bearer.reveal()}` : basic ? `Basic ${Buffer.from(`${basic.username}:${basic.password.reveal()}`).toString('base64')}` : null),
        },
        context,
      ),
  }),
});
