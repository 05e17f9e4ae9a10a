import { Hono } from 'hono';
import { answer, isoOrNull, refuse } from './answers.ts';
import type { SignedIn } from './auth.ts';
import { about, type Routes } from './routes.ts';
import type { SessionView } from './views.ts';

export function sessionRoutes({ ports, clock }: Routes) {
  return new Hono<SignedIn>().get('/session', about('session', 'Who is looking, at what site, and what waits for a person'), async (c) => {
    const person = c.get('person');
    if (!person) return refuse(c, 401, { code: 'unauthorized', message: { 'zh-CN': '请先登录', en: 'sign in first' } });
    const now = clock.now();
    const [entries, incidents, notices, onCall] = await Promise.all([ports.alerts.entries({ state: 'active', now }), ports.incidents.list({ state: 'open' }), ports.notices.list(), ports.onCall(now)]);
    const { name, zone, languages, publicUrl, demo, version } = ports.site();
    const waiting = entries.filter((entry) => entry.alert.state === 'firing' && entry.alert.acknowledgement === null && entry.mutedBy.length === 0);
    const overdue = notices.filter((notice) => notice.status !== 'resolved' && notice.nextUpdateAt !== null && notice.nextUpdateAt <= now);
    return answer<SessionView>(c, {
      person,
      site: { name, zone, languages, publicUrl },
      demo,
      version,
      badges: { alerts: waiting.length, incidents: incidents.length, notices: overdue.length },
      onCall: onCall ? { name: onCall.name, until: isoOrNull(onCall.until) } : null,
    });
  });
}
