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

/** A login that failed because something behind it did is the platform's; for a reason not known nobody can say. */
export function putLoginSide(attributes: Record<string, AttributeValue>, reason: string): void {
  if (reason !== 'other') attributes['error.side'] = reason === 'upstream' ? 'platform' : 'user';
}

function putLogin(attributes: Record<string, AttributeValue>, { attempt, user, address, reason }: LoginTold): void {
  if (attempt) {
    attributes['login.outcome'] = attempt.outcome;
    attributes['login.method'] = attempt.method;
    if (attempt.reason !== '') attributes['login.reason'] = attempt.reason;
    attributes['login.count'] = attempt.count;
    if (attempt.outcome === 'failed') putLoginSide(attributes, attempt.reason);
  } else if (reason !== undefined) attributes['login.reason'] = reason;
  if (user !== undefined) attributes['user.name'] = user;
  if (address !== undefined) attributes['client.address'] = address;
}
