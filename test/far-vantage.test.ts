import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Instance, startInstance, until } from './instance.ts';
import { openConsole } from './kill-site.ts';
import { startTarget, type Target } from './target.ts';

const port = 18_960;
let home: string;
let target: Target;
let centre: Instance;
let ask: (path: string) => Promise<Record<string, unknown>>;
let far: ChildProcess | undefined;
let farSaid = '';
let farToken = '';

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'fenghuo-far-'));
  mkdirSync(join(home, 'data'));
  target = await startTarget();
  writeFileSync(
    join(home, 'fenghuo.yaml'),
    `services: [ { id: web, name: { zh-CN: 演示服务, en: Demo service } } ]
vantages: [ { id: near }, { id: far-away, region: 上海, carrier: 联通, far: true } ]
probes:
  - { id: web-home, kind: http, service: web, url: "${target.url}", interval: 1s, vantages: [near, far-away], assert: [ { status: 2xx } ] }
  - { id: far-only, kind: http, service: web, url: "${target.url}", interval: 1s, vantages: [far-away], headers: { authorization: "\${FAR_SECRET}" }, assert: [ { status: 2xx } ] }
`,
  );
  centre = await startCentre();
  ({ ask } = await openConsole(centre));
}, 60_000);
afterAll(async () => {
  far?.kill('SIGKILL');
  await centre?.stop();
  await target?.stop();
  rmSync(home, { recursive: true, force: true });
});

const startCentre = () => startInstance({ dataDir: join(home, 'data'), port, args: ['--config', join(home, 'fenghuo.yaml')], env: { FAR_SECRET: 'Bearer demo-secret' } });

async function tokens<Answer>(...words: string[]): Promise<Answer> {
  const child = spawn(process.execPath, ['main.ts', 'token', ...words, '--data', join(home, 'data'), '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  await once(child, 'close');
  return JSON.parse(out) as Answer;
}
const token = async (scope: string): Promise<string> => (await tokens<{ token: string }>('add', `far-${scope}`, '--scope', scope)).token;

function startFar(bearer: string): void {
  far = spawn(process.execPath, ['main.ts', 'collector', '--to', centre.url, '--token', bearer, '--vantage', 'far-away', '--data', join(home, 'far')], { stdio: ['ignore', 'ignore', 'pipe'] });
  far.stderr?.on('data', (bytes: Buffer) => (farSaid += bytes.toString()));
}

const count = async (where: string): Promise<number> => {
  const { data } = (await ask(`/api/v1/query?sql=${encodeURIComponent(`SELECT count() AS n, uniqExact((probe, at, attempt)) AS d FROM checks WHERE ${where}`)}`)) as {
    data: { n: string; d: string }[];
  };
  expect(Number(data[0]?.n)).toBe(Number(data[0]?.d));
  return Number(data[0]?.n);
};
const post = (path: string, bearer: string, body: unknown) =>
  fetch(`${centre.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });

describe('a far vantage', { timeout: 90_000 }, () => {
  it('looks at what the centre names, hands in what it saw, and shows with its age', async () => {
    farToken = await token('collector');
    startFar(farToken);
    await until('checks from afar', async () => (await count("vantage = 'far-away' AND probe = 'far-only' AND outcome = 'pass'")) > 2);
    expect(await count("vantage = 'near' AND probe = 'far-only'")).toBe(0);
    expect(await count("vantage = 'near' AND probe = 'web-home'")).toBeGreaterThan(0);
    const { vantages } = (await ask('/api/v1/collectors')) as { vantages: Record<string, unknown>[] };
    expect(vantages).toMatchObject([{ id: 'far-away', region: '上海', carrier: '联通', offsetMs: 0, version: expect.stringMatching(/^\d/) as string }]);
    expect(Date.now() - Date.parse(String(vantages[0]?.lastSeenAt))).toBeLessThan(15_000);
  });

  it('looks and keeps what it sees while the centre is away, killed and started again meanwhile, and hands in every look once', async () => {
    const stored = await count("vantage = 'far-away'");
    await centre.killTree();
    const before = target.answered.count;
    await until('looks while the centre is away', async () => target.answered.count >= before + 4);
    far?.kill('SIGKILL');
    if (far) await once(far, 'exit');
    const between = target.answered.count;
    startFar(farToken);
    await until('looks of one that never met the centre', async () => target.answered.count >= between + 6);
    expect(farSaid).toContain('the centre is away: watching 2 probes from far-away, as it last named them');
    expect(statSync(join(home, 'far/plan.json')).mode & 0o777).toBe(0o600);
    centre = await startCentre();
    ({ ask } = await openConsole(centre));
    await until('what was seen meanwhile', async () => (await count("vantage = 'far-away'")) >= stored + 8, 60_000);
  });

  it('is refused in words with another token, for another vantage, in another version, and with rows that are none', async () => {
    const [reader, collector] = [await token('read'), farToken];
    const hello = { vantage: 'far-away', version: '0.1.0', backlog: 0, offsetMs: 0 };
    const answers = [
      await post('/api/v1/collector/plan', reader, hello),
      await post('/api/v1/collector/plan', collector, { ...hello, vantage: 'near' }),
      await post('/api/v1/collector/plan', collector, { ...hello, version: '99.0.0' }),
      await post('/api/v1/collector/batches', collector, { ...hello, kind: 'checks', token: 't', rows: [{ probeId: 'x' }] }),
      await post('/api/v1/collector/batches', collector, 'noise'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 404, 409, 400, 400]);
  });

  it('is refused once its token is revoked, and then keeps no plan with its secrets', async () => {
    await tokens('revoke', 'far-collector');
    expect((await post('/api/v1/collector/plan', farToken, { vantage: 'far-away', version: '0.1.0', backlog: 0, offsetMs: 0 })).status).toBe(401);
    await until('no plan on its disk', async () => !existsSync(join(home, 'far/plan.json')));
    expect((await tokens<{ tokens: { name: string; revokedAt: string | null }[] }>('list')).tokens).toMatchObject([
      { name: 'far-collector', revokedAt: expect.stringMatching(/Z$/) as string },
      { name: 'far-read', revokedAt: null },
    ]);
  });

  it('ends on SIGTERM', async () => {
    far?.kill('SIGTERM');
    if (far && far.exitCode === null) await once(far, 'exit');
    expect(far?.exitCode, farSaid).toBe(0);
  });
});
