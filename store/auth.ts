import { createHmac } from 'node:crypto';
import { drizzleAdapter } from 'better-auth/adapters/drizzle';
import { APIError } from 'better-auth/api';
import { betterAuth } from 'better-auth/minimal';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Done } from '#lib/done.ts';
import type { Person, PersonRole, TokenScope } from '#lib/people.ts';
import type { Secret } from '#lib/secret.ts';
import { day, second, type UnixMs } from '#lib/time.ts';
import { appendAudit } from './audit.ts';
import * as schema from './schema/auth.ts';
import { person } from './schema/people.ts';
import { linkSignIn } from './sign-in-link.ts';
import type { State } from './state.ts';
import { useToken } from './token-store.ts';

export interface SignIn {
  person: Person;
  /** The value of the Set-Cookie header. */
  cookie: string;
}

/** Who is signed in, and how one comes in and goes out; the console's `People` port without the duty schedule. */
export interface Auth {
  session(headers: Headers): Promise<Person | null>;
  signIn(attempt: { email: string; password: string; from: string; now: UnixMs }): Promise<Done<SignIn>>;
  signInByLink(attempt: { token: string; from: string; now: UnixMs }): Promise<Done<SignIn>>;
  signOut(headers: Headers): Promise<{ cookie: string }>;
  token(bearer: string, now: UnixMs): Promise<{ name: string; scopes: readonly TokenScope[] } | null>;
}

export interface AuthOptions {
  state: State;
  secretKey: Secret;
  /** Where the console is reached; only its origin matters. */
  baseUrl: string;
}

const refused: Done<never> = { ok: false, code: 'forbidden', message: { 'zh-CN': '邮箱或密码不对', en: 'the mail address or the password is wrong' } };
const deadLink: Done<never> = { ok: false, code: 'forbidden', message: { 'zh-CN': '登录链接无效、已用过或已过期', en: 'the sign-in link is unknown, used or too old' } };

export function createAuth(options: AuthOptions): Auth {
  const { state } = options;
  const engine = authEngine(options);

  async function currentSession(headers: Headers): Promise<Person | null> {
    const found = await engine.api.getSession({ headers, query: { disableCookieCache: true, disableRefresh: true } });
    if (!found || found.user.disabledAt) return null;
    const { id, name, email, role } = found.user;
    return { id, name, email, role: role as PersonRole };
  }

  return {
    async session(headers) {
      if (!headers.get('cookie')?.includes(cookiePrefix)) return null;
      return currentSession(headers).catch(async () => {
        // The server may be restarting; reading waits for it.
        await state.read((db) => db.execute(sql`select 1`));
        return currentSession(headers);
      });
    },
    async signIn({ email, password, from, now }) {
      const found = await enabledPerson(state, email);
      // An unknown or closed account costs the same time as a wrong password.
      const answer = await engine.api
        .signInEmail({ body: { email: found?.email ?? 'nobody@fenghuo.invalid', password }, headers: new Headers({ [addressHeader]: from }), returnHeaders: true })
        .catch(refusalOf);
      if (!answer || !found) return refused;
      await state.transaction((tx) => appendAudit(tx, { at: now, actor: { kind: 'person', id: found.id, name: found.name }, action: 'person.sign-in', target: `person/${found.id}` }));
      return { ok: true, value: { person: found, cookie: sessionCookie(answer.headers) } };
    },
    async signInByLink({ token, from, now }) {
      const answer = await engine.api.signInWithLink({ body: { token, now }, headers: new Headers({ [addressHeader]: from }), returnHeaders: true }).catch(refusalOf);
      return answer ? { ok: true, value: { person: answer.response.person, cookie: sessionCookie(answer.headers) } } : deadLink;
    },
    async signOut(headers) {
      const { headers: answer } = await engine.api.signOut({ headers, returnHeaders: true });
      return { cookie: sessionCookie(answer) };
    },
    token: (bearer, now) => useToken(state, bearer, now),
  };
}

const cookiePrefix = 'fenghuo';
const addressHeader = 'x-fenghuo-client-address';

function authEngine({ state, secretKey, baseUrl }: AuthOptions) {
  return betterAuth({
    appName: 'Fenghuo',
    baseURL: baseUrl,
    secret: createHmac('sha256', secretKey.reveal()).update('fenghuo sessions').digest('base64url'),
    database: drizzleAdapter(state.db, { provider: 'pg', schema }),
    telemetry: { enabled: false },
    logger: { disabled: true },
    emailAndPassword: { enabled: true, disableSignUp: true },
    user: {
      additionalFields: {
        role: { type: 'string', required: true, input: false },
        disabledAt: { type: 'date', required: false, input: false },
      },
    },
    session: { expiresIn: (7 * day) / second, disableSessionRefresh: true, cookieCache: { enabled: false } },
    // Attempts are limited where requests come in; whether the cookie is marked secure depends on how they came in.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix,
      useSecureCookies: false,
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', path: '/' },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
    plugins: [linkSignIn(state)],
  });
}

/** A refusal by the library is an answer; anything else is a fault. */
function refusalOf(error: unknown): null {
  if (error instanceof APIError && error.statusCode < 500) return null;
  throw error;
}

const sessionCookie = (headers: Headers): string => headers.getSetCookie().find((cookie) => cookie.startsWith(`${cookiePrefix}.session_token=`)) ?? '';

async function enabledPerson(state: State, email: string): Promise<Person | null> {
  const { id, name, email: address, role } = person;
  const [found] = await state.read((db) =>
    db
      .select({ id, name, email: address, role })
      .from(person)
      .where(and(eq(person.email, email.toLowerCase()), isNull(person.disabledAt))),
  );
  return found ?? null;
}
