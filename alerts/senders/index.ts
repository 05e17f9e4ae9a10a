import { email } from './email.ts';
import { webhook } from './webhook.ts';

/** Every kind of sender; one line each. `email` reads a receiver's `email_configs`, and so on. */
export const senderKinds = [email, webhook] as const;
