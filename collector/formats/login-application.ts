import { accepted, addressOf, failed, type LoginTold, mentioned, reasonIn } from './login-told.ts';
import type { ClientOf } from './proxies.ts';

/** What an application wrote as names and values: JSON flattened with dots, logfmt, or `name=value, …`. */
export type Fields = ReadonlyMap<string, string>;

const mostFields = 200;
const mostDepth = 4;

/** Undefined when the text is no JSON object. */
export function jsonFields(text: string): Fields | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const fields = new Map<string, string>();
    flatten(JSON.parse(text), { prefix: '', depth: 0, fields });
    return fields;
  } catch {
    return undefined;
  }
}

function flatten(value: unknown, { prefix, depth, fields }: { prefix: string; depth: number; fields: Map<string, string> }): void {
  if (fields.size >= mostFields) return;
  if (typeof value !== 'object' || value === null) {
    if (prefix !== '' && value !== null && !fields.has(prefix)) fields.set(prefix, String(value));
    return;
  }
  if (depth >= mostDepth) return;
  for (const [name, inner] of Object.entries(value)) flatten(inner, { prefix: prefix === '' ? name : `${prefix}.${name}`, depth: depth + 1, fields });
}

const pair = /([A-Za-z_][\w.-]{0,60})=(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))/g;

/** The first value of a name holds: what follows may be a stranger's. */
export function pairFields(text: string): Fields {
  const fields = new Map<string, string>();
  for (const [, name = '', quoted, plain] of text.matchAll(pair)) {
    if (fields.size >= mostFields) break;
    if (!fields.has(name)) fields.set(name, quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'));
  }
  return fields;
}

const addressNames = ['client.address', 'source.ip', 'remote_ip', 'client_ip', 'clientIp', 'remoteAddr', 'remote_addr', 'request_ip', 'ipAddress', 'visitor_ip', 'ip', 'client'];
const userNames = ['user.name', 'username', 'userName', 'user', 'account', 'login', 'identifier', 'User', 'uname'];
export const messageOf = (fields: Fields): string => fields.get('msg') ?? fields.get('message') ?? '';

const first = (fields: Fields, names: readonly string[]): string | undefined => {
  for (const name of names) {
    const value = fields.get(name);
    if (value !== undefined && value !== '' && value !== '--' && value !== '-') return value;
  }
  return undefined;
};

/** An address, or a chain of them: who of it is the client is settled once for every application. */
const addressIn = (fields: Fields): string | undefined => first(fields, addressNames);

type Reader = (fields: Fields) => LoginTold | undefined;

/** Authelia: the first factor is the password, every other one is a second factor. */
const authelia: Reader = (fields) => {
  const words = messageOf(fields);
  const match = /^(Unsuccessful|Successful) (\S{1,40}) authentication attempt (?:made )?by user '(.*?)'(?:$|: (.*)$)/s.exec(words);
  if (!match) {
    const unknown = /^Error occurred getting details for user with username input '(.*)' which usually indicates they do not exist$/s.exec(words);
    return unknown ? { attempt: failed('1FA', 'unknown_user'), user: unknown[1], address: addressIn(fields) } : undefined;
  }
  const [, outcome, factor = '', user, why = ''] = match;
  const reason = factor !== '1FA' ? 'second_factor' : /not found/.test(why) ? 'unknown_user' : 'password';
  return { attempt: outcome === 'Successful' ? accepted(factor) : failed(factor, reason), user, address: addressIn(fields) };
};

const authentik: Reader = (fields) => {
  const event = fields.get('event');
  const action = fields.get('action');
  if (event === 'invalid_login') return { attempt: failed('password', reasonIn(action ?? '')), user: fields.get('identifier'), address: addressIn(fields) };
  if (event !== 'Created Event') return undefined;
  if (action === 'login_failed') return { attempt: failed('password', 'password'), user: fields.get('context.username'), address: addressIn(fields) };
  return action === 'login' ? { attempt: accepted(fields.get('context.auth_method') ?? 'password'), user: fields.get('user.username'), address: addressIn(fields) } : undefined;
};

/** GitLab logs a refused sign-in as one without redirect; behind a directory it is the callback that fails. */
const gitlab: Reader = (fields) => {
  const controller = fields.get('controller');
  const action = fields.get('action');
  const parameters = [...fields].filter(([name]) => name.startsWith('params.'));
  const named = (key: string): string | undefined => parameters.find(([name, value]) => name.endsWith('.key') && value === key)?.[0].replace(/key$/, 'value');
  if (controller === 'OmniauthCallbacksController' && action === 'failure') return { attempt: failed('directory', 'password'), user: fields.get(named('username') ?? ''), address: addressIn(fields) };
  if (controller !== 'SessionsController' || action !== 'create') return undefined;
  const user = parameters.find(([name]) => name.endsWith('.login'))?.[1];
  const second = parameters.some(([name]) => name.endsWith('.otp_attempt'));
  const status = fields.get('status');
  if (status === '302') return { attempt: accepted(second ? 'totp' : 'password'), user, address: addressIn(fields) };
  return { attempt: second ? failed('totp', 'second_factor') : failed('password', 'password'), user, address: addressIn(fields) };
};

/** Grafana says why in its error; a refused request to the login page is the same attempt in newer versions, which say nothing else. */
const grafana: Reader = (fields) => {
  const words = messageOf(fields);
  const why = fields.get('error') ?? '';
  const user = first(fields, ['User', 'uname']);
  if (words === 'Successful Login') return { attempt: accepted('password'), user, address: addressIn(fields) };
  const refused =
    words === 'Invalid username or password' ||
    (words === 'Unauthorized' && why.includes('password-auth')) ||
    (fields.get('errorMessageID') === 'password-auth.failed' && fields.get('path') === '/login');
  return refused ? { attempt: failed('password', /user not found|identity\.not-found/.test(why) ? 'unknown_user' : 'password'), user, address: addressIn(fields) } : undefined;
};

const kasm: Reader = (fields) => {
  const match = /^Authentication attempt invalid (user|password for user): \((.*)\)$/s.exec(messageOf(fields));
  return match ? { attempt: failed('password', match[1] === 'user' ? 'unknown_user' : 'password'), user: match[2], address: addressIn(fields) } : undefined;
};

const keycloak: Reader = (fields) => {
  const type = fields.get('type');
  if (type !== 'LOGIN' && type !== 'LOGIN_ERROR') return undefined;
  const error = fields.get('error') ?? '';
  const attempt = type === 'LOGIN' ? accepted('password') : failed('password', error === 'invalid_user_credentials' ? 'password' : reasonIn(error));
  return { attempt, user: fields.get('username'), address: addressIn(fields) };
};

/** Nextcloud names the address beside the message; the one inside it stands behind a stranger's name. */
const nextcloud: Reader = (fields) => {
  if (!fields.has('reqId') || !fields.has('remoteAddr')) return undefined;
  const match = /^Login failed: '?(.*?)'? \(Remote IP: '?[0-9A-Fa-f.:]{2,45}'?\)$/s.exec(messageOf(fields));
  return match ? { attempt: failed('password', 'password'), user: match[1], address: addressIn(fields) } : mentioned(undefined, addressIn(fields));
};

/** ntfy refuses in one line and tells of the closed connection, with the address, in the next. */
const ntfy: Reader = (fields) => {
  if (fields.get('tag') !== 'http' || fields.get('visitor_ip') === undefined) return undefined;
  const words = messageOf(fields);
  if (fields.get('error') === 'unauthorized' && /^Connection closed with HTTP 40[13]/.test(words)) return { attempt: failed('password', 'password'), user: undefined, address: addressIn(fields) };
  return mentioned(undefined, addressIn(fields));
};

const loginEvent = /^(?:user[._ -]?)?(?:log[._ -]?(?:in|on)|sign[._ -]?in|authenticat(?:e|ion))(?:[._ -](failed|failure|fail|error|denied|success|succeeded|ok|accepted))?$/i;
const badOutcome = /^(?:fail|failed|failure|denied|error|rejected|false|refused)$/i;
const goodOutcome = /^(?:ok|success|succeeded|accepted|true|pass|passed)$/i;

/** Any application: an event that is called a login, with its outcome in its name or beside it. */
const anyApplication: Reader = (fields) => {
  const event = first(fields, ['event', 'action', 'eventName', 'event.action', 'event.name', 'type']);
  const match = event === undefined ? undefined : loginEvent.exec(event);
  if (!match) return undefined;
  const outcome = match[1] ?? first(fields, ['outcome', 'result', 'event.outcome', 'success', 'login.outcome']) ?? '';
  const good = goodOutcome.test(outcome);
  if (!good && !badOutcome.test(outcome)) return undefined;
  const why = first(fields, ['reason', 'error', 'login.reason', 'code', 'msg', 'message']) ?? '';
  const method = first(fields, ['method', 'auth_method', 'login.method']) ?? 'password';
  const own = fields.get('login.reason') ?? fields.get('reason') ?? '';
  const reason = /^(?:captcha|captcha_expired|password|locked|unknown_user|upstream|second_factor)$/.test(own) ? own : reasonIn(why);
  return { attempt: good ? accepted(method.slice(0, 60)) : failed(method.slice(0, 60), reason), user: first(fields, userNames), address: addressIn(fields) };
};

const readers: readonly Reader[] = [authelia, authentik, gitlab, grafana, kasm, keycloak, nextcloud, ntfy, anyApplication];

export function readApplication(fields: Fields, clientOf: ClientOf): LoginTold | undefined {
  for (const read of readers) {
    const told = read(fields);
    if (told) return { ...told, address: told.address === undefined ? undefined : clientOf(told.address) };
  }
  return undefined;
}

const vaultwarden = /^(Username or password is incorrect\. Try again\.|Invalid admin token\.|Invalid TOTP code!.{0,60}|Token is invalid!) IP: ([0-9A-Fa-f.:]{2,45})(?:\. Username: (.*)\.)?$/s;

export function readVaultwarden(message: string): LoginTold | undefined {
  const match = vaultwarden.exec(message);
  if (!match) return undefined;
  const [, words = '', address, user] = match;
  const attempt = words.startsWith('Username') ? failed('password', 'password') : words.includes('admin') ? failed('token', 'password') : failed('totp', 'second_factor');
  return { ...mentioned(user, address), attempt };
}

const postgres = /FATAL: {1,2}(?:(password|peer|ident|LDAP|GSSAPI|certificate) authentication failed for user|role) "([^"]{0,200})"( does not exist)?/;
/** In the prefix of a Postgres line: `192.0.2.9`, `192.0.2.9(5432)`, between blanks or colons. */
const prefixAddress = /(?<=^|[\s:=@])(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?=\(\d{1,5}\)|[\s:])/g;
const mysql = /Access denied for user '(.{0,200}?)'@'([^'\s]{1,255})' \(using password: (?:YES|NO)\)$/s;

/** Refused by a database; Postgres names the client in its line's prefix, written before anything a stranger chose. */
export function readDatabase(line: string): LoginTold | undefined {
  const denied = mysql.exec(line);
  if (denied) return { attempt: failed('password', 'password'), user: denied[1], address: denied[2] };
  const match = postgres.exec(line);
  if (!match || (match[1] === undefined && match[3] === undefined)) return undefined;
  const found = [...line.slice(19, match.index).matchAll(prefixAddress)].map(([, address = '']) => addressOf(address)).filter((address) => address !== undefined);
  // A user name in the prefix may look like an address; with two of them neither is believed.
  const address = new Set(found).size === 1 ? found[0] : undefined;
  return { attempt: failed((match[1] ?? 'role').toLowerCase(), match[1] ? 'password' : 'unknown_user'), user: match[2], address };
}
