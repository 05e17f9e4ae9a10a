import { readFile } from 'node:fs/promises';

/** The story everyone sees unless they ask for another. */
export const defaultSeed = 20_260_115;

export interface Places {
  url: string;
  smtpUrl: string;
  logsDir: string;
  consoleUrl: string;
}

/** `demo/config.yaml` with the addresses of this start in it. */
export async function demoConfig({ url, smtpUrl, logsDir, consoleUrl }: Places): Promise<string> {
  return fillPlaces(await demoConfigText(), { DEMO: url, DEMO_TLS: url.replace('http:', 'https:'), SMTP: smtpUrl, LOGS: logsDir, CONSOLE: consoleUrl });
}

export const demoConfigText = (): Promise<string> => readFile(new URL('config.yaml', import.meta.url), 'utf8');

/** Places stand inside double quotes, where YAML reads text as JSON does. */
export const fillPlaces = (text: string, places: Readonly<Record<string, string>>): string =>
  text.replaceAll(/@([A-Z_]+)@/g, (whole, name: string) => (places[name] === undefined ? whole : JSON.stringify(places[name]).slice(1, -1)));
