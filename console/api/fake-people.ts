import type { UnixMs } from '#lib/time.ts';
import type { ConsolePorts } from './ports.ts';

/** Notes what a desk was asked. */
export type Heard = (what: string) => (ask: unknown) => Promise<{ ok: true; value: { id: string } }>;

const no = { ok: false, code: 'forbidden', message: { 'zh-CN': '不行', en: 'no' } } as const;

/** The cookie `who=ROLE` signs in as that role; the bearer `reader` may read. */
export const fakePeople: ConsolePorts['people'] = {
  async session(headers) {
    const role = /who=(viewer|responder|publisher|admin)/.exec(headers.get('cookie') ?? '')?.[1];
    return role === 'viewer' || role === 'responder' || role === 'publisher' || role === 'admin' ? { id: role, name: '演示甲', email: 'a@example', role } : null;
  },
  signIn: async () => no,
  signInByLink: async () => no,
  signOut: async () => ({ cookie: '' }),
  token: async (bearer) => (bearer === 'reader' ? { name: 'reader', scopes: ['read'] } : null),
};

export const fakeTokens = (heard: Heard, now: UnixMs): ConsolePorts['tokens'] => ({
  list: async () => [{ id: 't1', name: 'vmalert', scopes: ['alerts'], createdAt: now, lastUsedAt: null, revokedAt: null }],
  add: async (ask) => {
    await heard('tokens.add')(ask);
    return { ok: true, value: { id: 't2', token: 'fh_told-once' } };
  },
  revoke: async (ask) => {
    await heard('tokens.revoke')(ask);
    return { ok: true, value: undefined };
  },
});
