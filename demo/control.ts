import { z } from 'zod';
import { durationText } from '#lib/schema.ts';
import { iso } from '#lib/time.ts';
import { type Fault, faultNames, isFaultName } from './faults.ts';
import type { Mailbox } from './mailbox.ts';
import type { World } from './world.ts';

/** The demo's own switches under `/_demo`: faults, the captcha test channel, the mailbox. For this machine only. */
export interface ControlAnswer {
  status: number;
  body: unknown;
}

const wishSchema = z.strictObject({ on: z.boolean(), for: durationText.optional() });

export function control({ method, path, body }: { method: string; path: string; body: string }, { world, mailbox }: { world: World; mailbox: Mailbox }): ControlAnswer {
  const [, , what = '', name = '', ...more] = path.split('/').map(safely);
  if (more.length > 0) return notFound;
  if (method === 'GET' && what === 'faults' && name === '') return { status: 200, body: { faults: world.faults.list().map(faultView) } };
  if (method === 'PUT' && what === 'faults') return setFault(name, { body, world });
  if (method === 'GET' && what === 'captcha') {
    const answer = world.captchas.answer(name);
    return answer === undefined ? notFound : { status: 200, body: { id: name, answer } };
  }
  if (method === 'GET' && what === 'inbox' && name === '') return { status: 200, body: mailbox.mails().map(({ id: _, ...mail }) => mail) };
  if (method === 'GET' && what === '') return { status: 200, body: { about: '演示服务的开关，仅限本机', paths: ['/_demo/faults', '/_demo/inbox', '/_demo/captcha/ID'] } };
  return notFound;
}

const notFound: ControlAnswer = { status: 404, body: { error: 'not found' } };

function setFault(name: string, { body, world }: { body: string; world: World }): ControlAnswer {
  if (!isFaultName(name)) return { status: 404, body: { error: `there is no fault "${name}"`, names: faultNames } };
  const wish = wishSchema.safeParse(readJson(body));
  if (!wish.success) return { status: 400, body: { error: wish.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '), example: { on: true, for: '2m' } } };
  const { on, for: forMs } = wish.data;
  return { status: 200, body: faultView(world.faults.set(name, { on, ...(forMs === undefined ? {} : { forMs }) })) };
}

export const faultView = ({ name, label, on, until }: Fault) => ({ name, label, on, until: until === null ? null : iso(until) });

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function safely(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
