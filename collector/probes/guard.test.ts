import { expect, test } from 'vitest';
import { isRefused } from './guard.ts';

test.each([
  { address: '169.254.169.254', refused: true },
  { address: '169.254.0.1', refused: true },
  { address: '100.100.100.200', refused: true },
  { address: 'fe80::1', refused: true },
  { address: 'fe80::1%eth0', refused: true },
  { address: '[fe80::1]', refused: true },
  { address: 'fd00:ec2::254', refused: true },
  { address: '::ffff:169.254.169.254', refused: true },
  { address: '127.0.0.1', refused: false },
  { address: '10.0.0.1', refused: false },
  { address: '::1', refused: false },
  { address: '100.100.100.201', refused: false },
  { address: 'metadata.example', refused: false },
])('$address is refused: $refused', ({ address, refused }) => {
  expect(isRefused(address)).toBe(refused);
});
