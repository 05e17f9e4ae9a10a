import { stringify } from 'yaml';

const secretKeys = /password|secret|token|credentials|api_key|service_key|routing_key/i;

/** Configuration as it was written, for people to read; secrets print as •••, also those that came from the environment. */
export function configYaml(config: unknown): string {
  return stringify(JSON.parse(JSON.stringify(config, (key, value: unknown) => (secretKeys.test(key) && typeof value === 'string' ? '•••' : value))), { lineWidth: 120 });
}
