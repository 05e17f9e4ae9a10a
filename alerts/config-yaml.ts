import { stringify } from 'yaml';

/** Configuration as it was written, for people to read; secrets print as •••. */
export function configYaml(config: unknown): string {
  return stringify(JSON.parse(JSON.stringify(config)), { lineWidth: 120 });
}
