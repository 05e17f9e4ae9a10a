import { describe, expect, it, test } from 'vitest';
import { hideText, hideValue, originsIn, referencesIn, restoreHidden, secretsIn } from './hidden.ts';

const env = (name: string): string => ['$', '{', name, '}'].join('');
const entry = {
  id: 'a',
  url: 'https://ann:pw123@shop.example/x?token=abc&n=1',
  bearer: 'sesame',
  basic: { user: 'ann', password: 1234 },
  headers: { accept: 'text/html', 'private-token': 'glpat', authorization: 'Bearer {{token}}', cookie: env('COOKIE') },
  client_key: { file: 'secrets/key.pem' },
  secrets: { password: 'open', other: 'gate' },
  steps: [
    { name: 'one', extract: { token: '$.token' } },
    { name: 'two', request: { headers: { authorization: 'Bearer literal' } } },
  ],
};
const hidden = {
  id: 'a',
  url: 'https://•••@shop.example/x?token=•••&n=1',
  bearer: '•••',
  basic: { user: 'ann', password: '•••' },
  headers: { accept: 'text/html', 'private-token': '•••', authorization: 'Bearer {{token}}', cookie: env('COOKIE') },
  client_key: { file: 'secrets/key.pem' },
  secrets: { password: '•••', other: '•••' },
  steps: [
    { name: 'one', extract: { token: '$.token' } },
    { name: 'two', request: { headers: { authorization: '•••' } } },
  ],
};

it('hides what may be a secret and shows references', () => {
  expect(hideValue(entry)).toEqual(hidden);
  expect([...secretsIn(entry)].sort()).toEqual(['1234', 'Bearer literal', 'gate', 'glpat', entry.url, 'open', 'sesame'].sort());
});

it('hides them in a text, wherever they stand, and marks the new ones', () => {
  const text = 'probes:\n  - id: a\n    bearer: "sesame" # ours\n    secrets: { password: open, pin: |\n      }\n';
  expect(hideText('probes:\n  - id: a\n    bearer: "sesame" # ours\n    secrets: { password: open }\n    client_key: |\n      -----\n      abc\n    url: http://u:p@h/\n')).toBe(
    'probes:\n  - id: a\n    bearer: ••• # ours\n    secrets: { password: ••• }\n    client_key: •••\n    url: http://•••@h/\n',
  );
  expect(hideText('a: { token: old, secret: new }\n', new Set(['old']))).toBe('a: { token: •••, secret: •••* }\n');
  expect(hideText(text)).toBe('');
});

describe('what was hidden comes back', () => {
  it('when it is handed in as it was shown', () => {
    expect(restoreHidden(hidden, entry)).toEqual({ ok: true, value: entry });
  });

  test.each<{ name: string; given: unknown; before: unknown; restored: unknown }>([
    { name: 'a new value stays new', given: { bearer: 'fresh' }, before: { bearer: 'old' }, restored: { bearer: 'fresh' } },
    { name: 'with an item put before it', given: [{ name: 'x' }, ...hidden.steps], before: entry.steps, restored: [{ name: 'x' }, ...entry.steps] },
    {
      name: 'in an item of the same name that was changed and moved',
      given: [{ name: 'two', request: { headers: { authorization: '•••' }, method: 'PUT' } }],
      before: entry.steps,
      restored: [{ name: 'two', request: { headers: { authorization: 'Bearer literal' }, method: 'PUT' } }],
    },
  ])('$name', ({ given, before, restored }) => {
    expect(restoreHidden(given, before)).toEqual({ ok: true, value: restored });
  });

  test.each<{ name: string; given: unknown; before: unknown; path: (string | number)[] }>([
    { name: 'where there was none', given: { secrets: { fresh: '•••' } }, before: entry, path: ['secrets', 'fresh'] },
    { name: 'in an address that was changed', given: { url: 'https://•••@evil.example/' }, before: entry, path: ['url'] },
    { name: 'of another kind of value', given: { steps: ['•••'] }, before: entry, path: ['steps', 0] },
    { name: 'inherited by every object', given: { secrets: { constructor: '•••' } }, before: entry, path: ['secrets', 'constructor'] },
  ])('not $name', ({ given, before, path }) => {
    expect(restoreHidden(given, before)).toEqual({ ok: false, path });
  });
});

it('finds references and who is spoken to', () => {
  expect([...referencesIn({ a: [`x${env('ONE')}y`, { file: 'p' }], b: { c: env('TWO') } })]).toEqual([env('ONE'), 'file: p', env('TWO')]);
  expect([...originsIn({ url: 'https://a.example:8443/x', steps: [{ request: { url: 'http://b.example/{{x}}' } }], address: 'C.example:25', note: 'no' })]).toEqual([
    'https://a.example:8443',
    'http://b.example',
    'c.example:25',
  ]);
});
