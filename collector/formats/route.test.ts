import { expect, it, test } from 'vitest';
import { routeOf, routeReader } from './route.ts';

test.each([
  { path: '/', route: '/' },
  { path: '/invoice/20240011223344556677/pdf', route: '/invoice/{id}/pdf' },
  { path: '/invoice/7', route: '/invoice/{id}' },
  { path: '/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301', route: '/u/{id}' },
  { path: '/file/0123456789abcdef0123456789abcdef', route: '/file/{id}' },
  { path: '/invoice/1234************7890', route: '/invoice/{id}' },
  { path: '/presentations/logstash-monitorama-2013/images', route: '/presentations/logstash-monitorama-2013/images' },
  { path: '/captcha.png', route: '/captcha.png' },
  { path: '/a/b/c/d/e/f/g/h/i/j', route: '/a/b/c/d/e/f/g/h/…' },
  { path: `/${'x'.repeat(100)}`, route: '/{id}' },
  { path: '', route: '' },
])('$path belongs to $route', ({ path, route }) => {
  expect(routeOf(path)).toBe(route);
});

it('stops inventing routes when a scanner tries thousands of addresses', () => {
  const read = routeReader(10);
  const routes = new Set(Array.from({ length: 1_000 }, (_, n) => read(`/scan-${String.fromCharCode(97 + (n % 26))}${n}`)));
  expect(routes.size).toBe(11);
  expect(routes).toContain('{other}');
});
