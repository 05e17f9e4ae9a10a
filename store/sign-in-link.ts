import type { BetterAuthPlugin } from 'better-auth';
import { APIError, createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { z } from 'zod';
import { unixMs } from '#lib/time.ts';
import { consumeSignInLink } from './sign-in-link-store.ts';
import type { State } from './state.ts';

/** Teaches better-auth to open a session for the bearer of a one-time link. */
export function linkSignIn(state: State) {
  return {
    id: 'sign-in-link',
    endpoints: {
      signInWithLink: createAuthEndpoint('/sign-in/link', { method: 'POST', body: z.object({ token: z.string().max(200), now: z.number() }) }, async (ctx) => {
        const person = await consumeSignInLink(state, ctx.body.token, unixMs(ctx.body.now));
        const user = person && (await ctx.context.internalAdapter.findUserById(person.id));
        if (!person || !user) throw new APIError('UNAUTHORIZED');
        const session = await ctx.context.internalAdapter.createSession(user.id);
        await setSessionCookie(ctx, { session, user });
        return ctx.json({ person });
      }),
    },
  } satisfies BetterAuthPlugin;
}
