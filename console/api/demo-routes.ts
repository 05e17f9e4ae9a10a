import { Hono } from 'hono';
import { z } from 'zod';
import { iso } from '#lib/time.ts';
import { answer, done, isoOrNull, notFound } from './answers.ts';
import { requireRole, type SignedIn, sameOrigin } from './auth.ts';
import { input, spanText } from './inputs.ts';
import { about, actorOf, type Routes } from './routes.ts';
import type { FaultView, MailView } from './views.ts';

const faultBody = z.strictObject({ on: z.boolean(), for: spanText.nullish() });

/** The demo's fault panel and mailbox; outside demo mode there is nothing here. */
export function demoRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>()
    .get('/demo/faults', about('demo', 'Faults of the demo service'), requireRole('viewer'), async (c) => {
      if (!ports.demo) return notFound(c);
      const faults = await ports.demo.faults();
      return answer<{ faults: FaultView[] }>(c, { faults: faults.map((fault) => ({ ...fault, until: isoOrNull(fault.until) })) });
    })
    .put('/demo/faults/:name', about('demo', 'Switch a fault on or off'), sameOrigin(), requireRole('responder'), input('json', faultBody), async (c) => {
      if (!ports.demo) return notFound(c);
      const name = c.req.param('name');
      const asked = c.req.valid('json');
      const result = await ports.demo.setFault({ name, on: asked.on, forMs: asked.for ?? null });
      if (result.ok) await ports.audit.append({ at: clock.now(), actor: actorOf(c), action: 'demo.fault', subject: `fault/${name}`, detail: { on: asked.on, forMs: asked.for ?? null } });
      return done(c, result);
    })
    .get('/demo/inbox', about('demo', 'Mails the demo mailbox received, newest first'), requireRole('viewer'), async (c) => {
      if (!ports.demo) return notFound(c);
      const mails = await ports.demo.inbox();
      return answer<{ mails: MailView[] }>(c, { mails: mails.map((mail) => ({ ...mail, at: iso(mail.at) })).reverse() });
    });
}
