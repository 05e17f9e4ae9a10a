import { isIP } from 'node:net';

/** What a line tells of a login: an attempt that counts, or only who was there, when another line counts the same attempt. */
export interface LoginTold {
  attempt: Attempt | undefined;
  user: string | undefined;
  /** Absent when the line names none, or allows two readings of it. */
  address: string | undefined;
  /** Why, of a line that does not count by itself. */
  reason?: string;
}

export interface Attempt {
  outcome: 'failed' | 'accepted';
  method: string;
  /** Empty for an accepted login. */
  reason: string;
  /** How many attempts the line stands for. */
  count: number;
}

export const failed = (method: string, reason: string, count = 1): Attempt => ({ outcome: 'failed', method, reason, count });
export const accepted = (method: string): Attempt => ({ outcome: 'accepted', method, reason: '', count: 1 });
/** Who was there, of an attempt another line counts. */
export const mentioned = (user: string | undefined, address: string | undefined): LoginTold => ({ attempt: undefined, user, address: address === undefined ? undefined : plainAddress(address) });

/** An IPv4 address written as IPv6 is the same visitor as the plain one. */
export const plainAddress = (address: string): string => (/^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address);

/** `1.2.3.4:55`, `[::1]:55` and the address alone → the address; undefined when it is none. */
export function addressOf(text: string): string | undefined {
  const bare = isIP(text) > 0 ? text : text.replace(/^\[([^\]]{1,60})\](?::\d{1,5})?$/, '$1').replace(/^([^:]{1,60}):\d{1,5}$/, '$1');
  return isIP(bare) > 0 ? plainAddress(bare) : undefined;
}

const reasons: readonly (readonly [RegExp, string])[] = [
  [/(?:captcha|verif\w{1,12}[ _-]?code|验证码).{0,40}(?:expire|timed? ?out|过期|失效|超时)|expired?[ _-]captcha/i, 'captcha_expired'],
  [/captcha|verif\w{1,12}[ _-]?code|验证码/i, 'captcha'],
  [/locked|lockout|disabled|too[ _-]many|frozen|锁定|冻结|禁用/i, 'locked'],
  [/not[ _-]?found|unknown[ _-]?user|no[ _-]such[ _-]user|does[ _-]not[ _-]exist|invalid[ _-]?user(?![ _-]?cred)|invalid_identifier|(?:用户|账号|帐号).{0,6}不存在/i, 'unknown_user'],
  [/password|credential|密码|口令/i, 'password'],
  [/totp|\botp|2fa|mfa|second.?factor|webauthn|u2f|duo/i, 'second_factor'],
  [/upstream|backend|timed? ?out|unavailable|refused|internal|\b50[0-4]\b|上游|超时|系统异常|服务异常/i, 'upstream'],
];

/** Why, by the words an application says it with; `other` when they say nothing known. */
export const reasonIn = (words: string): string => reasons.find(([pattern]) => pattern.test(words.slice(0, 500)))?.[1] ?? 'other';
