import { expect, test } from 'vitest';
import { parseConfig } from '#config';
import { catalogueOf } from './catalogue.ts';

const read = (probe: string) =>
  parseConfig([{ file: 'fenghuo.yaml', text: `site: { name: 演示 }\nservices: [ { id: s, name: 服务 } ]\nprobes:\n  - ${probe}\n` }], { environment: { API_TOKEN: 'sesame-open-123' }, root: '.' });

const shownYaml = (probe: string): string => {
  const parsed = read(probe);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return catalogueOf(parsed.config).probes[0]?.yaml ?? '';
};

test.each([
  { name: 'a value from the environment, whatever its key', probe: `{ id: p, kind: http, service: s, url: "http://127.0.0.1/", headers: { X-Caller: "\${API_TOKEN}" } }` },
  { name: 'a value from the environment inside a longer text', probe: `{ id: p, kind: http, service: s, url: "http://127.0.0.1/?k=\${API_TOKEN}&x=1" }` },
  { name: 'credentials in an address', probe: '{ id: p, kind: http, service: s, url: "http://me:sesame-open-123@127.0.0.1/" }' },
  { name: 'what stands under a key that names a secret', probe: '{ id: p, kind: http, service: s, url: "http://127.0.0.1/", headers: { Authorization: Bearer sesame-open-123 } }' },
  { name: 'a bearer token, a client key', probe: '{ id: p, kind: http, service: s, url: "http://127.0.0.1/", bearer: sesame-open-123 }' },
])('the console does not show $name', ({ probe }) => {
  expect(shownYaml(probe)).not.toContain('sesame');
  expect(shownYaml(probe)).toContain('•••');
});

test('a complaint about a value from the environment does not repeat it', () => {
  const parsed = read(`{ id: p, kind: http, service: s, url: "http://127.0.0.1/", timeout: "\${API_TOKEN}" }`);
  expect(JSON.stringify(parsed)).not.toContain('sesame');
  expect(JSON.stringify(parsed)).toContain('needs a unit');
});
