import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const data = new URL('../../../shared/data/logs/', import.meta.url).pathname;
const hasData = existsSync(`${data}truths.json`);
if (!hasData) console.error(`skipped: the real login logs are not at ${data}`);
const truths = hasData ? JSON.parse(readFileSync(`${data}truths.json`, 'utf8')) : {};

interface Truth {
  index: number;
  success: boolean;
  source_ip?: string;
  target_user?: string;
  username?: string;
  user?: string;
}

const linesOf = (folder: string): string[] =>
  readdirSync(`${data}${folder}`)
    .sort()
    .flatMap((file) => readFileSync(`${data}${folder}/${file}`, 'utf8').split('\n'))
    .filter((line) => line.trim() !== '');

/** What the origin expects counts as failed or accepted there; where its count differs from one for each attempt, ours stands with why. */
describe.skipIf(!hasData)('the real logs of login systems', () => {
  // The origin takes whoever stands in a private network for a proxy.
  const built = buildFormat({ kind: 'auth', trusted_proxies: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] });
  const attributesOf = (line: string) => {
    if (!built.ok) throw new Error('no such format');
    const { malformed, time, attributes } = built.ready.parse(line, unixMs(Date.parse('2026-05-17T12:00:00Z')));
    return { malformed, dated: time !== undefined, ...attributes };
  };

  test.each([
    { folder: 'authelia-logs', failed: 24, accepted: 6 },
    { folder: 'authentik-logs', failed: 2, accepted: 1 },
    // Workers tell of attempts the login processes count, of which two stand for two each.
    { folder: 'dovecot-logs', failed: 7, accepted: 1 },
    { folder: 'gitlab-logs', failed: 3, accepted: 0 },
    { folder: 'grafana-logs', failed: 7, accepted: 2 },
    { folder: 'kasm', failed: 5, accepted: 0 },
    { folder: 'keycloak-logs', failed: 7, accepted: 0 },
    { folder: 'mysql-logs', failed: 4, accepted: 0 },
    { folder: 'nextcloud-logs', failed: 3, accepted: 0 },
    // Two of the origin's three are refused without anybody having tried a password.
    { folder: 'ntfy-logs', failed: 1, accepted: 0 },
    { folder: 'pam-logs', failed: 1, accepted: 0 },
    { folder: 'pgsql-logs', failed: 6, accepted: 0 },
    { folder: 'postfix-logs', failed: 1, accepted: 0 },
    // All but one tell of an attempt without counting it.
    { folder: 'sshd-logs', failed: 1, accepted: 0 },
    { folder: 'sshd-success-logs', failed: 0, accepted: 4 },
    { folder: 'vaultwarden-logs', failed: 32, accepted: 0 },
  ])('$folder', ({ folder, failed, accepted }) => {
    const lines = linesOf(`crowdsec/${folder}`);
    const expected: Truth[] = truths[`crowdsec/${folder}`].parser.events;
    const rows = lines.map((line) => attributesOf(line) as Record<string, unknown>);
    for (const { index, success, source_ip, target_user, username, user } of expected) {
      if (!success) continue;
      const who = target_user ?? username ?? user;
      expect(rows[index]).toMatchObject({ malformed: '', dated: true, ...(source_ip !== undefined && { 'client.address': source_ip }), ...(who !== undefined && { 'user.name': who }) });
    }
    const count = (outcome: string): number => rows.filter((row) => row['login.outcome'] === outcome).reduce((sum, row) => sum + Number(row['login.count']), 0);
    expect({ failed: count('failed'), accepted: count('accepted') }).toEqual({ failed, accepted });
  });
});
