import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { UnixMs } from '#lib/time.ts';

/** A self-signed certificate made on the spot, so that no private key lies in the repository. */
export interface SelfSigned {
  key: string;
  cert: string;
}

const oid = { ecdsaSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02], commonName: [0x55, 0x04, 0x03], subjectAltName: [0x55, 0x1d, 0x11], basicConstraints: [0x55, 0x1d, 0x13] };

export function selfSigned({ host, from, until }: { host: string; from: UnixMs; until: UnixMs }): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(der(0x06, oid.ecdsaSha256));
  const name = sequence(der(0x31, sequence(der(0x06, oid.commonName), der(0x0c, Buffer.from(host)))));
  const altName = /^\d+(\.\d+){3}$/.test(host) ? der(0x87, host.split('.').map(Number)) : der(0x82, Buffer.from(host));
  const extensions = sequence(
    sequence(der(0x06, oid.basicConstraints), der(0x01, [0xff]), der(0x04, sequence(der(0x01, [0xff])))),
    sequence(der(0x06, oid.subjectAltName), der(0x04, sequence(altName))),
  );
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [1, ...Buffer.from(String(from % 1e9))]),
    algorithm,
    name,
    sequence(utcTime(from), utcTime(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const certificate = sequence(body, algorithm, der(0x03, [0, ...signature(body, privateKey)]));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pem(certificate) };
}

const signature = (body: Buffer, key: KeyObject): Buffer => sign('sha256', body, createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' })));

/** One value in the distinguished encoding: tag, length, content. */
function der(tag: number, content: ArrayLike<number>): Buffer {
  const bytes = Buffer.from(Array.from(content));
  const length = bytes.length < 128 ? [bytes.length] : bytes.length < 256 ? [0x81, bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), bytes]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const utcTime = (at: UnixMs): Buffer => der(0x17, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
const pem = (bytes: Buffer): string => `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
