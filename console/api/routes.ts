import { describeRoute } from 'hono-openapi';
import type { Clock } from '#lib/clock.ts';
import type { Actor } from '#lib/people.ts';
import type { SignedIn } from './auth.ts';
import type { Memo } from './memo.ts';
import type { PanelReader } from './panel-reader.ts';
import type { ConsolePorts } from './ports.ts';

/** What every group of routes is built from. */
export interface Routes {
  ports: ConsolePorts;
  clock: Clock;
  /** Shares one look at the stores among readers of the same second. */
  once: Memo;
  panels: PanelReader;
}

/** Who writes: the signed-in person, or the program behind the token. */
export function actorOf(c: { get(key: 'person'): SignedIn['Variables']['person']; get(key: 'token'): SignedIn['Variables']['token'] }): Actor {
  const person = c.get('person');
  if (person) return { kind: 'person', id: person.id, name: person.name };
  const token = c.get('token');
  return { kind: 'integration', id: token?.name ?? 'unknown', name: token?.name ?? 'unknown' };
}

/** One line about the route for the OpenAPI document. */
export const about = (tag: string, summary: string) =>
  describeRoute({ tags: [tag], summary, responses: { 200: { description: 'OK' }, 401: { description: 'Not signed in' }, 403: { description: 'Not allowed' } } });
