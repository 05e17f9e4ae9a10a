import { expect, it } from 'vitest';
import { scriptHashes } from './build-console.ts';

it('hashes inline scripts only, byte for byte as the browser will', () => {
  const html = '<script src="/first-paint.js"></script><script>alert(1)</script><p></p><script>\n  a\n</script>';
  expect(scriptHashes(html)).toEqual(['sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=', expect.stringMatching(/^sha256-/)]);
});
