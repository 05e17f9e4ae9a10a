import { z } from 'zod';
import { buildKind } from '#lib/kinds.ts';
import type { Integration } from './plan.ts';
import { senderKinds } from './senders/index.ts';
import type { SenderContext } from './senders/sender.ts';

export interface ReceiverEntry {
  name: string;
  integrations: Integration[];
}

type Complain = (path: (string | number)[], issue: { message: string; hint: string }) => void;

/** `{ name, email_configs: […], webhook_configs: […] }`: every list is read by the sender kind of its name. */
export function readReceiver(raw: Record<string, unknown>, context: SenderContext, complain: Complain): ReceiverEntry {
  const name = typeof raw.name === 'string' && raw.name !== '' ? raw.name : '';
  if (!name) complain(['name'], { message: 'a receiver needs a name', hint: 'routes refer to it by this name' });
  const integrations: Integration[] = [];
  for (const [key, entries] of Object.entries(raw)) {
    if (key === 'name') continue;
    const kind = senderKinds.find((candidate) => `${candidate.kind}_configs` === key)?.kind;
    if (!kind) complain([key], unknownList(key));
    else if (!Array.isArray(entries)) complain([key], { message: 'must be a list', hint: `write ${key}: [ { … } ]` });
    else for (const [index, entry] of entries.entries()) read({ key, kind, index, entry, name });
  }
  return { name, integrations };

  function read({ key, kind, index, entry, name: receiver }: { key: string; kind: string; index: number; entry: unknown; name: string }): void {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      complain([key, index], { message: 'must be a map of settings', hint: `see docs/configuration.md for ${kind}` });
      return;
    }
    const built = buildKind(senderKinds, { ...entry, kind }, context);
    if (built.ok) integrations.push({ id: `${receiver}/${kind}/${index}`, receiver, sendResolved: built.ready.sendResolved, sender: built.ready });
    else for (const issue of built.issues) sayIssue(issue, [key, index]);
  }

  function sayIssue(issue: z.core.$ZodIssue, path: (string | number)[]): void {
    const at = [...path, ...(issue.path as (string | number)[])];
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) complain([...at, key], { message: `"${key}" is not a known key here`, hint: 'check the spelling, or remove it' });
    else complain(at, { message: issue.message, hint: issue.code === 'custom' && typeof issue.params?.hint === 'string' ? issue.params.hint : 'see docs/configuration.md' });
  }
}

function unknownList(key: string): { message: string; hint: string } {
  const known = senderKinds.map((kind) => `${kind.kind}_configs`).join(', ');
  return key.endsWith('_configs')
    ? { message: `"${key}" is a channel we do not have`, hint: `channels: ${known}` }
    : { message: `"${key}" is not a known key here`, hint: `a receiver has a name and ${known}` };
}

export const rawReceivers = z.array(z.record(z.string(), z.unknown()));
