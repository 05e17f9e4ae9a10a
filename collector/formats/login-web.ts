import { accepted, addressOf, failed, type LoginTold, plainAddress } from './login-told.ts';

/** nginx keeps a stranger's name and request as they came: only where its own words stand once is the address behind them sure. */
const nginxWords = /(?:": password mismatch|" was not found in "[^"]{1,400}"), client: ([0-9A-Fa-f.:]{2,45})(?:, server: |$)/g;
const nginxUser = 'user "';

/** Basic authentication refused, from the text of nginx's error log behind its time, level and connection. */
export function readNginxBasic(message: string): LoginTold | undefined {
  if (!message.startsWith(nginxUser)) return undefined;
  const found = [...message.matchAll(nginxWords)];
  const first = found[0];
  if (!first) return undefined;
  const reason = first[0].startsWith('" was') ? 'unknown_user' : 'password';
  const sure = found.length === 1;
  return { attempt: failed('basic', reason), user: message.slice(nginxUser.length, sure ? first.index : found.at(-1)?.index), address: sure ? plainAddress(first[1] ?? '') : undefined };
}

const apacheBasic = /^(?:\[[^\]]{1,100}\] ){1,5}\[client ([0-9A-Fa-f.:[\]]{2,60})\] (?:AH\d{5}: )?user (.*?)(?:: authentication failure for "|(?: in realm "[^"]{0,200}")? not found: )/s;

/** Basic authentication refused, from Apache's error log, which names the client before anything a stranger wrote. */
export function readApacheBasic(message: string): LoginTold | undefined {
  const match = apacheBasic.exec(message);
  if (!match) return undefined;
  return { attempt: failed('basic', match[0].endsWith('not found: ') ? 'unknown_user' : 'password'), user: match[2], address: addressOf(match[1] ?? '') };
}

const vsftpd = /^(?:\[pid \d{1,10}\] )?\[(.*)\] (FAIL|OK) LOGIN: Client "([^"]{2,60})"(, anon password ".*")?$/s;

export function readVsftpd(message: string): LoginTold | undefined {
  const match = vsftpd.exec(message);
  if (!match) return undefined;
  const sure = message.split(' LOGIN: Client "').length === 2;
  return { attempt: match[2] === 'OK' ? accepted('password') : failed('password', 'password'), user: match[1], address: sure ? addressOf(match[3] ?? '') : undefined };
}
