import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import type { Field } from '#lib/kinds.ts';
import { addressOf } from './login-told.ts';

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
const networkText = z.string().refine((text) => readNetwork(text) !== undefined, {
  message: 'not an address or network, for example 10.0.0.0/8',
  params: { hint: 'name the proxies in front of the service, such as 10.0.0.0/8 or 192.0.2.7' },
});

export const proxiesText = z.array(networkText).max(1_000);

export const proxiesField: Field = {
  id: 'trusted_proxies',
  label: { 'zh-CN': '可信代理', en: 'Trusted proxies' },
  input: 'list',
  required: false,
  help: {
    'zh-CN': '地址或网段，例如 10.0.0.0/8；经它们转发的请求按 X-Forwarded-For 认定客户端，默认都不可信',
    en: 'Addresses or networks such as 10.0.0.0/8; the client of what they forward is taken from X-Forwarded-For. Nobody is trusted by default',
  },
};

function readNetwork(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address = '', length] = /^([^/]{2,45})(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const bits = length === undefined ? most : Number(length);
  return version === 0 || bits > most ? undefined : { address, bits, family: version === 6 ? 'ipv6' : 'ipv4' };
}

/** Who asked, of a chain of hops as `X-Forwarded-For` writes it, the nearest one last. */
export type ClientOf = (chain: string) => string | undefined;

/**
 * The right-most address that is no trusted proxy: what stands further left is only what that one claims. With nobody trusted
 * that is the nearest hop. Where all are trusted it is the first. A hop that is no address ends what can be believed.
 */
export function clientReader(trusted: readonly string[] | undefined): ClientOf {
  const list = new BlockList();
  for (const text of trusted ?? []) {
    const network = readNetwork(text);
    if (network) list.addSubnet(network.address, network.bits, network.family);
  }
  const isTrusted = (address: string): boolean => trusted !== undefined && trusted.length > 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (chain) => {
    let client: string | undefined;
    for (const hop of chain.split(',').slice(-mostHops).reverse()) {
      const address = addressOf(hop.trim());
      if (address === undefined) break;
      client = address;
      if (!isTrusted(address)) break;
    }
    return client;
  };
}

const mostHops = 50;

/** Behind proxies of our own the client is who they say they were asked by. */
export function putClientBehind(attributes: Record<string, AttributeValue>, clientOf: ClientOf, forwarded = attributes['http.request.header.x-forwarded-for']): void {
  const peer = attributes['client.address'];
  if (forwarded === undefined || peer === undefined) return;
  const client = clientOf(`${forwarded},${peer}`);
  if (client === undefined || client === peer) return;
  attributes['client.address'] = client;
  attributes['network.peer.address'] = peer;
}
