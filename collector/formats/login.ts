import { type LoginTold, plainAddress } from './login-told.ts';

const opening = /^(Failed|Accepted) (\S{1,60}) for (?:(invalid|illegal) user )?/;
/** Anchored at each ` from ` in turn, from the right: the daemon wrote the last one, a user name can only hold earlier ones. */
const origin = /^ from (\S{1,255}) port \d{1,5}(?: ssh\d?)?(: .*)?$/s;
const certificate = /: [A-Z0-9-]+-CERT \S+ ID /;

/** What each method's failure means; any other method is its own reason. */
const reasons: Readonly<Record<string, string>> = { 'keyboard-interactive/pam': 'password', 'captcha-expired': 'captcha_expired' };

/** An attempt in sshd's words, which other programs borrow. Only `Failed … for` and `Accepted … for` are attempts: PAM and `Invalid user` lines tell of the same ones again. */
export function readLogin(message: string): LoginTold | undefined {
  if (!message.startsWith('Failed ') && !message.startsWith('Accepted ')) return undefined;
  const start = opening.exec(message);
  if (!start) return undefined;
  const place = originOf(message, start[0].length);
  if (!place) return undefined;
  const outcome = start[1] === 'Failed' ? 'failed' : 'accepted';
  const method = start[2] ?? '';
  const reason = outcome === 'accepted' ? '' : reasonOf(method, start[3] !== undefined);
  return { attempt: { outcome, method, reason, count: 1 }, user: message.slice(start[0].length, place.at), address: place.address };
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
