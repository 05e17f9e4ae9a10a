import { Hono } from 'hono';
import { notFound } from './answers.ts';
import { requireRole, type SignedIn } from './auth.ts';
import { about, type Routes } from './routes.ts';

/** Pictures, traces and lists of requests that checks kept; what a watched page made may not run here, so only a picture is shown in place. */
export function artifactRoutes({ ports }: Pick<Routes, 'ports'>) {
  return new Hono<SignedIn>().get('/artifacts/:id', about('artifacts', 'A picture, a trace or a list of requests that a check kept'), requireRole('viewer'), async (c) => {
    const id = c.req.param('id');
    const found = await ports.artifacts?.read(id);
    if (!found) return notFound(c);
    return c.body(new Uint8Array(found.bytes), 200, {
      'content-type': found.type,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'content-disposition': `${found.type === 'image/jpeg' ? 'inline' : 'attachment'}; filename="${id}"`,
    });
  });
}
