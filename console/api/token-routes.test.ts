import { describe, expect, it } from 'vitest';
import { started } from './test-app.ts';

describe('tokens of programs', () => {
  it('are listed without the token, and told once when they are made', async () => {
    const { send, ask } = started();
    const list = await ask('/api/v1/tokens', { headers: { cookie: 'who=admin' } });
    expect(await list.json()).toEqual({ tokens: [{ id: 't1', name: 'vmalert', scopes: ['alerts'], createdAt: expect.stringMatching(/Z$/) as string, lastUsedAt: null, revokedAt: null }] });
    const made = await send('POST', '/api/v1/tokens', { name: ' far ', scopes: ['collector'] });
    expect(await made.json()).toEqual({ id: 't2', token: 'fh_told-once' });
  });

  it.each(['viewer', 'responder', 'publisher'])('are not for a %s to see', async (role) => {
    const { ask } = started();
    expect((await ask('/api/v1/tokens', { headers: { cookie: `who=${role}` } })).status).toBe(403);
  });

  it.each([
    ['without a name', { name: ' ', scopes: ['read'] }],
    ['for nothing', { name: 'a', scopes: [] }],
    ['for what there is not', { name: 'a', scopes: ['everything'] }],
  ])('are not made %s', async (_, body) => {
    const { send, ports } = started();
    expect((await send('POST', '/api/v1/tokens', body)).status).toBe(422);
    expect(ports.told).toEqual([]);
  });

  it('cannot be read or made by a program that only reads', async () => {
    const { ask } = started();
    expect((await ask('/api/v1/tokens', { headers: { authorization: 'Bearer reader' } })).status).toBe(403);
  });
});
