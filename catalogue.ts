import { stringify } from 'yaml';
import type { Config } from '#config';
import type { Catalogue, ConsolePorts, DemoSwitches } from '#console/api/ports.ts';
import type { Demo } from '#demo/demo.ts';
import { isFaultName } from '#demo/faults.ts';
import { hideValue } from '#lib/hidden.ts';
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
      yaml: stringify(hideValue(JSON.parse(JSON.stringify(written))), { lineWidth: 120 }),
    })),
    vantages: config.vantages,
  };
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
