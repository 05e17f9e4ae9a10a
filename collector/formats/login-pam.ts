import { failed, type LoginTold, mentioned } from './login-told.ts';

/** Anchored from the left: what a stranger may have written, his name, comes last. */
const failure =
  /^(?:pam_\w{1,30}\(([^():\s]{1,60}):auth\): )?(?:(authentication failure)|(?:PAM )?(\d{1,4}) more authentication failures?); logname=(\S*) uid=\S* euid=\S* tty=\S* ruser=(\S*) rhost=(\S*)(?: +user=(.*))?\s*$/s;
const tally =
  /^pam_(?:tally2?|faillock)\([^)\s]{1,80}\): (?:user (.*) \(\d{1,10}\) (?:has time limit|tally \d{1,10}, deny \d{1,10})|Consecutive login failures for user (.*) account temporarily locked).*$/s;
const sudoSummary = /^(\S{1,64}) : (?:\d{1,4} incorrect password attempts?|a password is required|user NOT in sudoers)(?: ;|$)/;
const loginPrograms = /^FAILED (?:LOGIN|SU)\b/;

/** Services whose own lines count the attempts PAM tells of as well. */
const countThemselves = new Set(['sshd', 'vsftpd', 'dovecot', 'smtp', 'imap', 'pop3']);

/** PAM counts for sudo, su, login, display managers and whoever keeps no count of his own. */
export function readPam(message: string, program: string): LoginTold | undefined {
  const match = failure.exec(message);
  if (match) {
    const [, service = program, single, more, logname = '', ruser = '', rhost = '', user] = match;
    const who = user ?? (ruser === '' ? (logname === '' ? undefined : logname) : ruser);
    // The remote user is a stranger's own text as well; where it imitates what follows it, the address is left open.
    const sure = message.split(' rhost=').length === 2;
    const told = mentioned(who, rhost === '' || !sure ? undefined : rhost);
    if (countThemselves.has(service) || program.startsWith('sshd') || countThemselves.has(program)) return told;
    return { ...told, attempt: failed('password', 'password', single ? 1 : Number(more)) };
  }
  const locked = tally.exec(message);
  if (locked) return { ...mentioned(locked[1] ?? locked[2], undefined), reason: 'locked' };
  if (program === 'sudo') {
    const summary = sudoSummary.exec(message);
    if (summary) return mentioned(summary[1], undefined);
  }
  if (loginPrograms.test(message)) return mentioned(undefined, undefined);
  return undefined;
}
