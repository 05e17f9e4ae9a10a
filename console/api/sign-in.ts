import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { Clock } from '#lib/clock.ts';
import type { Done } from '#lib/done.ts';
import type { Person } from '#lib/people.ts';
import { refuse } from './answers.ts';
import { type Attempts, createAttempts, type Limit } from './attempts.ts';
import { sameOrigin } from './auth.ts';
import type { People } from './ports.ts';

interface SignInPorts {
  people: Pick<People, 'signIn' | 'signInByLink' | 'signOut'>;
  clock: Clock;
  attempts?: Attempts;
}

const passwordBody = z.strictObject({ email: z.string().max(254), password: z.string().max(128) });
const linkBody = z.strictObject({ token: z.string().max(200) });

/** POST /sign-in {email,password} · POST /sign-in/link {token} · POST /sign-out. Both ways in answer `{ person }` and set the session cookie. */
export function signInRoutes({ people, clock, attempts = createAttempts() }: SignInPorts): Hono {
  async function enter(c: Context, limits: readonly Limit[], attempt: () => Promise<Done<{ person: Person; cookie: string }>>) {
    const blockedUntil = attempts.begin(limits, clock.now());
    if (blockedUntil !== null) {
      c.header('retry-after', String(Math.ceil((blockedUntil - clock.now()) / 1_000)));
      return refuse(c, 429, { code: 'too-many-attempts', message: { 'zh-CN': '尝试次数过多，请稍后再试', en: 'too many attempts: try again later' } });
    }
    const entered = await attempt();
    if (!entered.ok) return refuse(c, 401, { code: 'sign-in-refused', message: entered.message });
    attempts.succeeded(limits);
    c.header('set-cookie', cookieFor(c, entered.value.cookie));
    return c.json({ person: entered.value.person });
  }

  return new Hono()
    .use(sameOrigin())
    .post('/sign-in', async (c) => {
      const body = passwordBody.safeParse(await bodyOf(c));
      if (!body.success) return notUnderstood(c);
      const from = clientAddress(c);
      const limits = [
        { key: `${body.data.email.trim().toLowerCase()} ${from}`, tries: 5 },
        { key: from, tries: 30 },
      ];
      return enter(c, limits, () => people.signIn({ ...body.data, email: body.data.email.trim(), from, now: clock.now() }));
    })
    .post('/sign-in/link', async (c) => {
      const body = linkBody.safeParse(await bodyOf(c));
      if (!body.success) return notUnderstood(c);
      const from = clientAddress(c);
      return enter(c, [{ key: `link ${from}`, tries: 30 }], () => people.signInByLink({ ...body.data, from, now: clock.now() }));
    })
    .post('/sign-out', async (c) => {
      const { cookie } = await people.signOut(c.req.raw.headers);
      if (cookie) c.header('set-cookie', cookieFor(c, cookie));
      return c.json({});
    });
}

const bodyOf = (c: Context): Promise<unknown> => c.req.json().catch(() => null);
const notUnderstood = (c: Context) => refuse(c, 422, { code: 'invalid', message: { 'zh-CN': '请求内容不完整', en: 'the request is not complete' } });

/** Where the request came from; a proxy on this machine is believed about the one before it. */
function clientAddress(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  const peer = env?.incoming?.socket?.remoteAddress ?? '';
  const forwarded = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
  const isLocal = /^(::1|::ffff:127\.|127\.)/.test(peer);
  return (isLocal && forwarded) || peer || 'unknown';
}

/** Over HTTPS, directly or by a proxy's word, the cookie is never to be sent without it. */
function cookieFor(c: Context, cookie: string): string {
  const secure = new URL(c.req.url).protocol === 'https:' || c.req.header('x-forwarded-proto') === 'https';
  return secure ? `${cookie}; Secure` : cookie;
}
