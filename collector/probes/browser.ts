import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type Disagreement, defineKind } from '#lib/kinds.ts';
import { durationMs, minute } from '#lib/time.ts';
import { runBrowser } from './browser-run.ts';
import { browserStepSchema } from './browser-step.ts';
import { lookHeaders, verifyField } from './http-shape.ts';
import { revealed, valueFields, valueShape } from './journey-values.ts';
import { type Look, probeFields, probeShape, readyProbe, type Sight } from './probe.ts';
import { slotsOf } from './template.ts';

const shape = {
  ...probeShape,
  interval: probeShape.interval.removeDefault().default(durationMs(5 * minute)),
  timeout: probeShape.timeout.removeDefault().default(durationMs(30_000)),
  ...valueShape,
  verify_certificate: z.boolean().default(true),
  metadata_addresses: z.enum(['refuse', 'allow']).default('refuse'),
  /** Megabytes resident of the browser and all its processes. */
  max_memory: z.number().int().min(200).max(8_000).default(800),
  max_requests: z.number().int().min(1).max(5_000).default(500),
  max_pages: z.number().int().min(1).max(20).default(4),
  /** A trace holds what was typed, secrets too; so a journey with secrets keeps one only when told to. */
  trace: z.enum(['on_failure', 'never']).optional(),
  steps: z.array(browserStepSchema).min(1, 'a journey has at least one step').max(40),
};
type Config = z.output<z.ZodObject<typeof shape>>;

/** A journey as a person makes it, in a real Chromium: pages, scripts, forms, pictures; the answer compared with a known one. */
export const browser = defineKind({
  kind: 'browser',
  label: { 'zh-CN': '浏览器流程', en: 'Browser journey' },
  fields: [
    ...probeFields,
    ...valueFields,
    {
      id: 'steps',
      label: { 'zh-CN': '步骤', en: 'Steps' },
      input: 'yaml',
      required: true,
      help: { 'zh-CN': '在真实浏览器中按顺序执行，任何一步不成立即失败', en: 'In a real browser, in order; the first step that does not hold fails the journey' },
    },
    {
      id: 'max_memory',
      label: { 'zh-CN': '内存上限（MB）', en: 'Memory limit (MB)' },
      input: 'number',
      required: false,
      help: { 'zh-CN': '默认 800，超过即终止，记为未知', en: '800 by default; over it the browser is ended and the check is unknown' },
    },
    { id: 'max_requests', label: { 'zh-CN': '请求数上限', en: 'Requests at most' }, input: 'number', required: false },
    { id: 'max_pages', label: { 'zh-CN': '页面数上限', en: 'Pages at most' }, input: 'number', required: false },
    verifyField,
    {
      id: 'trace',
      label: { 'zh-CN': '保留追踪', en: 'Traces' },
      input: 'select',
      required: false,
      help: { 'zh-CN': '失败时，以及每天一次成功；含有输入的内容，有密钥时默认不保留', en: 'Of a failure, and of one pass a day; it holds what was typed, so with secrets none is kept by default' },
      options: [
        { value: 'on_failure', label: { 'zh-CN': '保留', en: 'Kept' } },
        { value: 'never', label: { 'zh-CN': '不保留', en: 'Not kept' } },
      ],
    },
  ],
  shape,
  agree: unknownNames,
  make: (config) => readyProbe(config, { kind: 'browser', target: config.steps[0]?.goto ?? '', check: (look) => check(config, look) }),
});

/** A step may only use what was written down or stored before it; the first one opens a page. */
function unknownNames(config: Config): Disagreement[] {
  const known = new Set([...Object.keys(config.variables), ...Object.keys(config.secrets)]);
  const first =
    config.steps[0]?.goto === undefined || !/^https?:\/\/|^\{\{/.test(config.steps[0].goto)
      ? [{ path: ['steps', 0, 'goto'], message: 'the first step does not open an http or https address', hint: 'for example { name: open, goto: "https://example.com/" }' }]
      : [];
  const unknown = config.steps.flatMap((step, index) => {
    const wrong = slotsOf(step).filter((name) => !known.has(name));
    for (const name of Object.keys(step.store)) known.add(name);
    if (step.captcha) known.add(step.captcha.store);
    return wrong.map((name) => ({ path: ['steps', index], message: `nothing is stored as "${name}" before this step`, hint: `known here: ${[...known].join(', ') || 'nothing'}` }));
  });
  return [...first, ...unknown];
}

const usualPlaces = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** `CHROMIUM`, else where distributions put it. */
function findChromium(): string | undefined {
  const named = process.env.CHROMIUM;
  return named ? named : usualPlaces.find((path) => existsSync(path));
}

async function check(config: Config, look: Look): Promise<Sight> {
  const executablePath = findChromium();
  if (executablePath === undefined || !existsSync(executablePath)) {
    const reason = executablePath === undefined ? `no Chromium at ${usualPlaces.join(', ')}; install it or set CHROMIUM` : `no Chromium at ${executablePath} (CHROMIUM)`;
    return { outcome: { kind: 'unknown', reason }, phases: {}, evidence: {} };
  }
  const secrets = revealed(config.secrets);
  const withSecrets = Object.keys(secrets).length > 0;
  return runBrowser({
    probeId: config.id,
    look,
    maxMemoryBytes: config.max_memory * 1_000_000,
    job: {
      executablePath,
      // Chromium refuses its sandbox to root.
      sandbox: process.getuid?.() !== 0,
      steps: config.steps,
      values: { ...config.variables, ...secrets },
      secrets: Object.values(secrets),
      // The rest is for the picture and the trace.
      budgetMs: Math.round(config.timeout - Math.min(4_000, config.timeout * 0.25)),
      userAgentSuffix: lookHeaders(look)['user-agent'] ?? '',
      sourceAddress: look.vantage.sourceAddress,
      allowMetadata: config.metadata_addresses === 'allow',
      verifyCertificate: config.verify_certificate,
      maxRequests: config.max_requests,
      maxPages: config.max_pages,
      trace: look.artifacts !== undefined && (config.trace ?? (withSecrets ? 'never' : 'on_failure')) === 'on_failure',
    },
  });
}
