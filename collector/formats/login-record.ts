import type { AttributeValue } from '#collector/log.ts';
import type { ParsedLine } from './format.ts';
import type { LoginTold } from './login-told.ts';

/** Adds what a line tells of a login. A failed attempt is a warning, whatever its writer thought of it. */
export function withLogin(parsed: ParsedLine, told: LoginTold | undefined): ParsedLine {
  if (!told) return parsed;
  putLogin(parsed.attributes, told);
  if (!told.attempt) return parsed;
  return { ...parsed, ...(told.attempt.outcome === 'failed' ? { severityNumber: 13, severityText: 'WARN' } : { severityNumber: 9, severityText: 'INFO' }) };
}

function putLogin(attributes: Record<string, AttributeValue>, { attempt, user, address, reason }: LoginTold): void {
  if (attempt) {
    attributes['login.outcome'] = attempt.outcome;
    attributes['login.method'] = attempt.method;
    if (attempt.reason !== '') attributes['login.reason'] = attempt.reason;
    attributes['login.count'] = attempt.count;
  } else if (reason !== undefined) attributes['login.reason'] = reason;
  if (user !== undefined) attributes['user.name'] = user;
  if (address !== undefined) attributes['client.address'] = address;
}
