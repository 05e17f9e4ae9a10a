import { Hono } from 'hono';
import { z } from 'zod';
import { scopes, type TokenScope } from '#lib/people.ts';
import { iso } from '#lib/time.ts';
import { answer, done, isoOrNull } from './answers.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { input } from './inputs.ts';
import { about, actorOf, type Routes } from './routes.ts';

/** GET /api/v1/tokens, oldest first, the revoked ones included. The token itself is nowhere. */
export interface TokensView {
  tokens: { id: string; name: string; scopes: TokenScope[]; createdAt: string; lastUsedAt: string | null; revokedAt: string | null }[];
}

/** POST /api/v1/tokens: the only time the token is told. */
export interface TokenMade {
  id: string;
  token: string;
}

const newToken = z.strictObject({ name: z.string().trim().min(1).max(100), scopes: z.array(z.enum(scopes)).min(1) });

/** What programs sign in with: for administrators alone. */
export function tokenRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>()
    .use('/tokens/*', requireRole('admin'), sameOrigin())
    .get('/tokens', about('tokens', 'Tokens of programs, the revoked ones included'), async (c) =>
      answer<TokensView>(c, {
        tokens: (await ports.tokens.list()).map(({ createdAt, lastUsedAt, revokedAt, ...one }) => ({
          ...one,
          createdAt: iso(createdAt),
          lastUsedAt: isoOrNull(lastUsedAt),
          revokedAt: isoOrNull(revokedAt),
        })),
      }),
    )
    .post('/tokens', about('tokens', 'Make a token; it is shown once'), input('json', newToken), async (c) =>
      done(c, await ports.tokens.add({ ...c.req.valid('json'), actor: actorOf(c), now: clock.now() }), (made): TokenMade => made),
    )
    .delete('/tokens/:id', about('tokens', 'Revoke a token: whoever holds it is refused from now on'), async (c) =>
      done(c, await ports.tokens.revoke({ id: c.req.param('id'), actor: actorOf(c), now: clock.now() })),
    );
}
