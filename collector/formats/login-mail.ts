import { accepted, addressOf, failed, type LoginTold, mentioned, plainAddress, reasonIn } from './login-told.ts';

const dovecotLogin = /^(?:Info: )?(?:(?:imap|pop3|managesieve|submission)-login: )?(?:Info: )?(Login|Disconnected|Aborted login)\b(.*)$/s;
const failedAttempts = /\(auth failed, (\d{1,6}) attempts? in /;
/** What the daemon writes behind the user's name; the last one, because a name may hold another. */
const dovecotTail = /, (?:method=[A-Z0-9-]{1,40}, )?rip=([0-9A-Fa-f.:]{2,45}), lip=[0-9A-Fa-f.:]{2,45}(?:[,:] .*)?$/s;
const dovecotWorker = /(?:^|[\s:])(?:pam|sql|passwd-file|ldap|passwd|shadow|static|lua)\((.*),([0-9A-Fa-f.:]{2,45})(?:,<[^>]{0,60}>)?\): (.*)$/s;

/** Dovecot's login processes count; its auth workers tell of the same attempts, with the reason. */
export function readDovecot(message: string, program: string): LoginTold | undefined {
  if (!program.startsWith('dovecot') && !program.endsWith('-login')) return undefined;
  const login = dovecotLogin.exec(message);
  if (login) return readDovecotLogin(login[1] === 'Login', login[2] ?? '');
  const worker = dovecotWorker.exec(message);
  if (!worker) return undefined;
  // The password of a stranger may be written behind, and imitate what stands before it.
  const sure = message.match(/,[0-9A-Fa-f.:]{2,45}(?:,<[^>]{0,60}>)?\): /g)?.length === 1;
  const told = mentioned(worker[1], sure ? worker[2] : undefined);
  const reason = reasonIn(worker[3] ?? '');
  return /unknown user/.test(worker[3] ?? '') ? { ...told, reason: 'unknown_user' } : { ...told, reason };
}

function readDovecotLogin(isLogin: boolean, rest: string): LoginTold | undefined {
  const start = rest.indexOf('user=<');
  if (start < 0) return undefined;
  const tails = [...rest.matchAll(/>, (?=method=|rip=)/g)];
  // A name that imitates the daemon's own fields leaves it open which of them are true.
  const end = tails.at(-1)?.index ?? rest.indexOf('>', start);
  const tail = dovecotTail.exec(rest.slice(end + 1));
  const { user, address } = mentioned(rest.slice(start + 6, end), tails.length > 1 ? undefined : tail?.[1]);
  if (isLogin) return { attempt: accepted('password'), user, address };
  const count = failedAttempts.exec(rest.slice(0, start))?.[1];
  return { attempt: count === undefined ? undefined : failed('password', 'password', Number(count)), user, address };
}

const peer = '(?:[^\\s[\\]]{1,255})\\[([0-9A-Fa-f.:]{2,45})\\]';
const saslFailed = new RegExp(`^warning: ${peer}: SASL (\\S{1,40}) authentication failed: ?(.*)$`, 's');
const saslAccepted = new RegExp(`^[A-Z0-9]{1,20}: client=${peer}, sasl_method=(\\S{1,40}), sasl_username=(.*)$`, 's');
const postfixPeer = new RegExp(`^(?:NOQUEUE: \\w{1,20}: \\w{1,20} from|warning: non-SMTP command from|(?:dis)?connect from|lost connection after \\w{1,20} from|warning:) ${peer}`);

export function readPostfix(message: string, program: string): LoginTold | undefined {
  if (!program.startsWith('postfix')) return undefined;
  const fail = saslFailed.exec(message);
  if (fail) {
    const [, address = '', method = '', why = ''] = fail;
    const user = /, sasl_username=(.*)$/s.exec(why)?.[1];
    const reason = /connection lost|temporary|no mechanism|server/i.test(why.slice(0, 100)) ? 'upstream' : 'password';
    return { attempt: failed(method.toLowerCase(), reason), user, address: addressOf(address) };
  }
  const good = saslAccepted.exec(message);
  if (good) return { attempt: accepted((good[2] ?? '').toLowerCase()), user: good[3], address: addressOf(good[1] ?? '') };
  const other = postfixPeer.exec(message);
  return other ? mentioned(undefined, plainAddress(other[1] ?? '')) : undefined;
}
