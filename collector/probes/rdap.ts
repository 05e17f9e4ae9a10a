import { type UnixMs, unixMs } from '#lib/time.ts';

/** What registries say of a domain (RFC 9083) and where to ask (RFC 9224). Pure; whatever comes may be anything. */

export interface Registration {
  expiresAt: UnixMs | null;
  registeredAt: UnixMs | null;
  changedAt: UnixMs | null;
  /** As written by the registry: `client hold`. */
  statuses: readonly string[];
  registrar: string | null;
  nameservers: readonly string[];
}

type Loose = Readonly<Record<string, unknown>>;
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const mapOf = (value: unknown): Loose => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : {});
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value.slice(0, 200) : null);

/** Null for what is no answer about a domain. */
export function readRegistration(answer: unknown): Registration | null {
  const domain = mapOf(answer);
  if (domain.objectClassName !== 'domain') return null;
  const events = listOf(domain.events).map(mapOf);
  const when = (action: string): UnixMs | null => {
    const at = events.find((event) => String(event.eventAction).toLowerCase() === action)?.eventDate;
    const parsed = typeof at === 'string' ? Date.parse(at) : Number.NaN;
    return Number.isNaN(parsed) ? null : unixMs(parsed);
  };
  return {
    expiresAt: when('expiration'),
    registeredAt: when('registration'),
    changedAt: when('last changed'),
    statuses: listOf(domain.status)
      .flatMap((status) => textOf(status) ?? [])
      .slice(0, 20),
    registrar: registrarOf(domain),
    nameservers: listOf(domain.nameservers)
      .flatMap((server) => textOf(mapOf(server).ldhName)?.toLowerCase() ?? [])
      .slice(0, 20),
  };
}

/** The registrar's name out of its card, else its number at IANA. */
function registrarOf(domain: Loose): string | null {
  const registrar = listOf(domain.entities)
    .map(mapOf)
    .find((entity) => listOf(entity.roles).includes('registrar'));
  if (!registrar) return null;
  const card = listOf(listOf(registrar.vcardArray)[1]);
  const name = card.map(listOf).find(([property]) => property === 'fn')?.[3];
  return textOf(name) ?? textOf(mapOf(listOf(registrar.publicIds)[0]).identifier) ?? textOf(registrar.handle);
}

/** Registries write `client hold`, registrars `clientHold`: the same thing. */
const lethal = ['clienthold', 'serverhold', 'redemptionperiod', 'pendingdelete', 'pendingrestore', 'inactive'];
/** Statuses with which a domain does not resolve, or soon will not. */
export const lethalOf = (statuses: readonly string[]): readonly string[] => statuses.filter((status) => lethal.includes(status.toLowerCase().replaceAll(/[\s_-]/g, '')));

/** The server for a name out of IANA's list: the longest ending wins, https before http. */
export function serverFor(bootstrap: unknown, domain: string): string | null {
  const labels = domain.toLowerCase().replace(/\.$/, '').split('.');
  const endings = labels.map((_, index) => labels.slice(index).join('.'));
  let best: { rank: number; url: string } | null = null;
  for (const service of listOf(mapOf(bootstrap).services)) {
    const [names, urls] = listOf(service).map(listOf);
    const ranks = (names ?? []).map((name) => endings.indexOf(String(name).toLowerCase())).filter((rank) => rank !== -1);
    if (ranks.length === 0) continue;
    const rank = Math.min(...ranks);
    const usable = (urls ?? []).flatMap((url) => (typeof url === 'string' && URL.canParse(url) && /^https?:/.test(url) ? [url] : []));
    const url = usable.find((candidate) => candidate.startsWith('https:')) ?? usable[0];
    if (url !== undefined && (best === null || rank < best.rank)) best = { rank, url };
  }
  return best?.url ?? null;
}

/** Seconds or a date, as HTTP has it; an hour when the server only says "later". */
export function retryAt(header: string | undefined, now: UnixMs): UnixMs {
  const hour = 3_600_000;
  const most = now + 24 * hour;
  if (header !== undefined && /^\d+$/.test(header)) return unixMs(Math.min(most, now + Number(header) * 1_000));
  const date = Date.parse(header ?? '');
  return Number.isNaN(date) ? unixMs(now + hour) : unixMs(Math.min(most, Math.max(now, date)));
}
