import { browser } from './browser.ts';
import { dns } from './dns.ts';
import { domain } from './domain.ts';
import { exec } from './exec.ts';
import { grpc } from './grpc.ts';
import { http } from './http.ts';
import { icmp } from './icmp.ts';
import { journey } from './journey.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import { push } from './push.ts';
import { redis } from './redis.ts';
import { smtp } from './smtp.ts';
import { tcp } from './tcp.ts';
import { tls } from './tls.ts';
import { websocket } from './websocket.ts';

/** Every kind of probe; a new kind is one file and one entry here. */
export const probeKinds = [http, journey, browser, tcp, tls, domain, dns, icmp, smtp, postgres, mysql, redis, websocket, grpc, exec, push] as const;
