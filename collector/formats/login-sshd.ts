import { readLogin } from './login.ts';
import { type LoginTold, mentioned } from './login-told.ts';

/** What sshd says of an attempt beside counting it; each is anchored at its end, where the daemon and not the stranger wrote. */
const mentions: readonly RegExp[] = [
  /^(?:Invalid|Illegal) user (?<user>.*) from (?<address>\S{1,255})(?: port \d{1,5})?$/s,
  /^Connection (?:closed|reset) by (?:authenticating|invalid) user (?<user>.*) (?<address>\S{1,255}) port \d{1,5}(?: \[preauth\])?$/s,
  /^Disconnected from (?:authenticating|invalid) user (?<user>.*) (?<address>\S{1,255}) port \d{1,5}(?: \[preauth\])?$/s,
  /^Connection (?:closed|reset) by (?<address>\S{1,255}) port \d{1,5}(?: \[preauth\])?$/,
  /^User (?<user>.*) from (?<address>\S{1,255}) not allowed because .{1,200}$/s,
  /^error: maximum authentication attempts exceeded for (?:invalid user )?(?<user>.*) from (?<address>\S{1,255}) port \d{1,5} ssh2(?: \[preauth\])?$/s,
  /^Unable to negotiate with (?<address>\S{1,255}) port \d{1,5}: /,
  /^(?:fatal: )?Timeout before authentication for (?:connection from )?(?<address>\S{1,255})(?: port|$| to )/,
  /^(?:fatal: )?ssh_dispatch_run_fatal: Connection from (?<address>\S{1,255}) port /,
  /^Magic value check failed \(\d{1,20}\) on obfuscated handshake from (?<address>\S{1,255}) port \d{1,5}$/,
  /^refused connect from .* \((?<address>\S{1,255})\)$/s,
  /^Did not receive identification string from (?<address>\S{1,255})(?: port|$)/,
  /^PAM \d{1,4} more authentication failures?; logname=\S* uid=\S* euid=\S* tty=\S* ruser=\S* rhost=(?<address>\S{1,255}) +(?:user=(?<user>.*))?$/s,
];

/** `Failed … for` and `Accepted … for` count, whoever borrows sshd's words; the rest of what sshd says tells of the same attempts. */
export function readSshd(message: string, program: string): LoginTold | undefined {
  const login = readLogin(message);
  if (login) return login;
  if (program !== '' && !program.startsWith('sshd')) return undefined;
  for (const mention of mentions) {
    const { groups } = mention.exec(message) ?? {};
    if (groups) return mentioned(groups.user, groups.address);
  }
  return undefined;
}
