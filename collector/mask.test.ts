import { expect, it, test } from 'vitest';
import { maskText } from './mask.ts';

test.each([
  { name: 'a mobile number', text: 'user=13800138000 ok', masked: 'user=138****8000 ok' },
  { name: 'a mobile number with the country code', text: 'to +8613800138000.', masked: 'to +86138****8000.' },
  { name: 'a taxpayer code of 18', text: 'nsrsbh=91110108MA01ABCD2X&', masked: 'nsrsbh=9111**********CD2X&' },
  { name: 'a taxpayer code of 20', text: '(12345678901234567X90)', masked: '(1234************7X90)' },
  { name: 'a full invoice number', text: '/invoice/24112000000123456789/pdf', masked: '/invoice/2411************6789/pdf' },
  { name: 'a bearer token', text: 'Authorization: Bearer abcdefghij.klmnopqrst-uv next', masked: `Authorization: Bearer ${'*'.repeat(24)} next` },
  { name: 'a password in a query', text: 'GET /login?user=a&password=secret1&x=1 HTTP', masked: 'GET /login?user=a&password=*******&x=1 HTTP' },
  { name: 'a token in a query', text: '?access_token=abc', masked: '?access_token=***' },
])('$name', ({ text, masked }) => {
  expect(maskText(text)).toEqual({ text: masked, count: 1 });
});

test.each(['20260517100503', '0.13812345678', '2026-05-17T10:05:03', 'bearer of bad news', 'a1b2c3d4e5f60718293a4b5c6d7e8f90', '192.168.100.100', 'Failed password for root', '171717', '12800138000'])(
  '%s is nothing personal',
  (text) => {
    expect(maskText(text)).toEqual({ text, count: 0 });
  },
);

it('finds every number wherever it lies, also at the ends and side by side', () => {
  for (let shift = 0; shift < 40; shift++) {
    const text = `${'x '.repeat(shift)}13800138000 13900139000`;
    expect(maskText(text)).toEqual({ text: `${'x '.repeat(shift)}138****8000 139****9000`, count: 2 });
    expect(maskText(`${'-'.repeat(shift)}13800138000${'-'.repeat(shift)}`).count).toBe(1);
  }
});
