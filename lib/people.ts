/** Who acts: people by role, programs by token. */

/** From least to most allowed; each role may do everything the ones before it may. */
export const roles = ['viewer', 'responder', 'publisher', 'admin'] as const;
export type PersonRole = (typeof roles)[number];

export interface Person {
  id: string;
  name: string;
  email: string;
  role: PersonRole;
}

/** What a bearer token is good for: sending telemetry, the alert API, reading, being a far vantage. */
export const scopes = ['ingest', 'alerts', 'read', 'collector'] as const;
export type TokenScope = (typeof scopes)[number];

/** Who made a change; on every write. */
export interface Actor {
  kind: 'person' | 'system' | 'integration';
  id: string;
  name: string;
}

export const isAllowed = (person: Pick<Person, 'role'>, least: PersonRole): boolean => roles.indexOf(person.role) >= roles.indexOf(least);
