import { z } from 'zod';
import { bilingualText, durationText, idText, languageText, zoneText } from '#lib/schema.ts';
import { languages } from '#lib/text.ts';
import { durationMs } from '#lib/time.ts';

const siteSchema = z.strictObject({
  name: bilingualText.prefault({ 'zh-CN': '烽火', en: 'Fenghuo' }),
  zone: zoneText.default('Asia/Shanghai'),
  languages: z
    .array(languageText)
    .min(1)
    .default([...languages]),
  public_url: z.url({ protocol: /^https?$/, error: 'must be an http or https address, for example "https://status.example"' }).optional(),
  /** How long a shared cache may keep the public page, and how long it may serve it while we are away. */
  cache_for: durationText.default(durationMs(10_000)),
  stale_for: durationText.default(durationMs(86_400_000)),
});

const serviceSchema = z.strictObject({ id: idText, name: bilingualText });

const componentSchema = z.strictObject({
  id: idText,
  service: idText,
  name: bilingualText,
  /** One sentence for the public. */
  about: bilingualText.optional(),
  parent: idText.optional(),
  probes: z.array(idText).default([]),
  /** Routes of the access log that belong to it; a trailing * matches the rest. */
  routes: z.array(z.string().startsWith('/', 'a route starts with "/"')).default([]),
  /** Login attempts of the service belong to it. */
  logins: z.boolean().default(false),
  /** Kept off the public page; still watched inside. */
  hidden: z.boolean().default(false),
  /** `automatic` lets the suggested status become the public one without a person. */
  status: z.enum(['by_hand', 'automatic']).default('by_hand'),
});

export const shape = {
  site: siteSchema.prefault({}),
  services: z.array(serviceSchema).default([]),
  components: z.array(componentSchema).default([]),
};

export const references = [
  { from: 'components[].service', to: 'services[].id' },
  { from: 'components[].parent', to: 'components[].id' },
  { from: 'components[].probes[]', to: 'probes[].id' },
];

export type SiteSettings = z.output<typeof siteSchema>;
export type ComponentSettings = z.output<typeof componentSchema>;
