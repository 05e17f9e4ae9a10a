import { plainAddress } from './login-told.ts';

/** A login attempt as sshd writes it, and every program that borrows its words. */
export interface LoginAttempt {
  outcome: 'failed' | 'accepted';
  method: string;
  /** Empty for an accepted login. */
  reason: string;
  user: string;
  /** Absent when the line allows two readings of it. */
  address: string | undefined;
  /** How many attempts the line stands for. */
  count: number;
}

const repeated = /^message repeated (\d{1,6}) times: \[ (.*)\]$/s;
const opening = /^(Failed|Accepted) (\S{1,60}) for (?:(invalid|illegal) user )?/;
/** Anchored at each ` from ` in turn, from the right: the daemon wrote the last one, a user name can only hold earlier ones. */
const origin = /^ from (\S{1,255}) port \d{1,5}(?: ssh\d?)?(: .*)?$/s;
const certificate = /: [A-Z0-9-]+-CERT \S+ ID /;

/** What each method's failure means; any other method is its own reason. */
const reasons: Readonly<Record<string, string>> = { 'keyboard-interactive/pam': 'password', 'captcha-expired': 'captcha_expired' };

/** Only `Failed … for` and `Accepted … for` are attempts: PAM and `Invalid user` lines tell of the same ones again. */
export function readLogin(message: string): LoginAttempt | undefined {
  let text = message;
  let count = 1;
  if (text.startsWith('message repeated ')) {
    const match = repeated.exec(text);
    if (!match) return undefined;
    count = Number(match[1]);
    text = match[2] ?? '';
  }
  if (!text.startsWith('Failed ') && !text.startsWith('Accepted ')) return undefined;
  const start = opening.exec(text);
  if (!start) return undefined;
  const place = originOf(text, start[0].length);
  if (!place) return undefined;
  const outcome = start[1] === 'Failed' ? 'failed' : 'accepted';
  const method = start[2] ?? '';
  const reason = outcome === 'accepted' ? '' : reasonOf(method, start[3] !== undefined);
  return { outcome, method, reason, user: text.slice(start[0].length, place.at), address: place.address, count };
}

function originOf(text: string, from: number): { at: number; address: string | undefined } | undefined {
  // A blank user name leaves ` from ` right after ` for `, whose blank it shares.
  for (let at = text.lastIndexOf(' from '); at >= from - 1; at = at === 0 ? -1 : text.lastIndexOf(' from ', at - 1)) {
    const match = origin.exec(text.slice(at));
    if (!match) continue;
    // The id inside a certificate is the stranger's own text and may look like an origin; then neither reading is trusted.
    const twofold = certificate.test(text.slice(from, at)) || (match[2] !== undefined && certificate.test(match[2]) && match[2].includes(' from '));
    return { at: Math.max(at, from), address: twofold ? undefined : plainAddress(match[1] ?? '') };
  }
  return undefined;
}

/** Captcha, lock and upstream say why by themselves; otherwise an unknown user name is the reason. */
function reasonOf(method: string, unknownUser: boolean): string {
  const own = reasons[method] ?? method;
  if (!unknownUser || own.startsWith('captcha') || own === 'locked' || own === 'upstream') return /^[a-z0-9_/-]{1,40}$/.test(own) ? own : 'other';
  return 'unknown_user';
}
