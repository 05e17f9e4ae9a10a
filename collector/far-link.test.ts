import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import type { CheckResult } from './check.ts';
import { createFarLink, isUnwelcome } from './far-link.ts';
import { keptPlan } from './far-plan.ts';

const now = unixMs(1_800_000_000_000);
const plan = { vantage: { id: 'far' }, probes: [{ id: 'home', kind: 'http' }] };
const check: CheckResult = { probeId: 'home', service: 'web', vantage: 'far', at: now, durationMs: 1, outcome: { kind: 'pass' }, attempt: 0, phases: {}, evidence: {} } as unknown as CheckResult;

describe('the way to the centre', () => {
  let server: Server;
  let heard: { path: string; body: Record<string, unknown> }[];
  let answers: Record<string, number>;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const path = (request.url ?? '').split('/').at(-1) ?? '';
        heard.push({ path, body: JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as Record<string, unknown> });
        // The centre's clock is a minute ahead.
        response.writeHead(answers[path] ?? 200).end(JSON.stringify({ ...plan, now: now + 60_000 }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    heard = [];
    answers = {};
  });
  const link = () => createFarLink({ to: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'fh_x', vantage: 'far', version: '0.1.0', clock: virtualClock(now) });
  const caught = (asked: Promise<unknown>) =>
    asked.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('hears the clock of the centre before it hands in what it saw by its own', async () => {
    const far = link();
    await far.insertChecks('t1', [check]);
    await far.insertChecks('t2', [check]);
    expect(heard.map(({ path }) => path)).toEqual(['plan', 'batches', 'batches']);
    for (const { body } of heard.slice(1)) expect(body.rows).toMatchObject([{ at: now + 60_000 }]);
  });

  it.each([
    { status: 422, where: 'batches', permanent: true, unwelcome: false },
    { status: 503, where: 'batches', permanent: false, unwelcome: false },
    { status: 401, where: 'batches', permanent: false, unwelcome: true },
    { status: 422, where: 'plan', permanent: false, unwelcome: false },
    { status: 409, where: 'plan', permanent: false, unwelcome: false },
    { status: 403, where: 'plan', permanent: false, unwelcome: true },
  ])('rows are given up only when they are refused themselves: $status for $where', async ({ status, where, permanent, unwelcome }) => {
    answers[where] = status;
    const error = await caught(link().insertChecks('t', [check]));
    expect({ permanent: (error as { permanent?: boolean }).permanent === true, unwelcome: isUnwelcome(error) }).toEqual({ permanent, unwelcome });
  });
});

describe('the plan on the disk', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fenghuo-plan-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('is there for the next start, for its owner alone, until it is forgotten', async () => {
    const kept = keptPlan(dir);
    expect(await kept.read()).toBeUndefined();
    await kept.keep(plan);
    expect((await stat(join(dir, 'plan.json'))).mode & 0o777).toBe(0o600);
    expect(await keptPlan(dir).read()).toEqual(plan);
    await kept.forget();
    expect(await kept.read()).toBeUndefined();
    // Welcome again with the same plan: it is kept again.
    await kept.keep(plan);
    expect(await kept.read()).toEqual(plan);
  });

  it('says so when it cannot be read', async () => {
    await writeFile(join(dir, 'plan.json'), '{"vant');
    await expect(keptPlan(dir).read()).rejects.toThrow('plan.json holds no plan');
  });
});
