import { stringify } from 'yaml';
import type { Config } from '#config';
import type { Catalogue, ConsolePorts, DemoSwitches } from '#console/api/ports.ts';
import type { Demo } from '#demo/demo.ts';
import { isFaultName } from '#demo/faults.ts';
import { hideSecrets } from '#lib/secret.ts';
import { parseIso, unixMs } from '#lib/time.ts';

export type Site = ReturnType<ConsolePorts['site']>;

export function siteOf(config: Config, { url, demo, version }: { url: string; demo: boolean; version: string }): Site {
  const { name, zone, languages, public_url } = config.site;
  return { name, zone, languages, publicUrl: (public_url ?? url).replace(/\/+$/, ''), demo, version, availabilityTarget: 0.999 };
}

/** What is configured, as the console shows it; no secret among it. */
export function catalogueOf(config: Config): Catalogue {
  return {
    services: config.services,
    components: config.components,
    probes: config.probes.map(({ id, kind, service, target, intervalMs, vantages, config: written }) => ({
      id,
      kind,
      service,
      target,
      intervalMs,
      vantages: vantages.length > 0 ? vantages : ['local'],
      yaml: stringify(withoutSecrets(written), { lineWidth: 120 }),
    })),
    vantages: config.vantages,
  };
}

const secretKey = /^(secrets?|password|passwd|token|authorization|cookie|api[-_]?key|x-api-key|key|client_secret)$/i;

/** The same value with everything that may be a secret as •••: secrets, and what stands under a key that names one. */
export function withoutSecrets(value: unknown, hidden = false): unknown {
  if (Array.isArray(value)) return value.map((entry) => withoutSecrets(entry, hidden));
  if (typeof value === 'object' && value !== null) {
    const plain = JSON.parse(JSON.stringify(value)) as unknown;
    if (typeof plain !== 'object' || plain === null) return plain;
    return Object.fromEntries(Object.entries(plain).map(([key, entry]) => [key, withoutSecrets(entry, hidden || secretKey.test(key))]));
  }
  // A placeholder filled in later says nothing by itself and helps the reader.
  if (hidden && !(typeof value === 'string' && /^(Bearer )?\{\{\w+\}\}$/.test(value))) return '•••';
  return typeof value === 'string' ? hideSecrets(value.replace(/^(https?:\/\/)[^/?#@\s]+@/i, '$1•••@')) : value;
}

export function demoSwitches(demo: Demo): DemoSwitches {
  return {
    faults: () => Promise.resolve(demo.faults.list()),
    setFault({ name, on, forMs }) {
      if (!isFaultName(name)) return Promise.resolve({ ok: false, code: 'not-found', message: { 'zh-CN': `没有名为「${name}」的故障`, en: `there is no fault named "${name}"` } });
      return Promise.resolve({ ok: true, value: demo.faults.set(name, forMs === null ? { on } : { on, forMs }) });
    },
    inbox: () => Promise.resolve(demo.inbox().map((mail) => ({ ...mail, at: parseIso(mail.at) ?? unixMs(0), to: [...mail.to] }))),
  };
}
