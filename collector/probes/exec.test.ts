import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { Secret } from '#lib/secret.ts';
import { complaints, lookWith } from './test-servers.ts';

const folder = mkdtempSync(join(tmpdir(), 'fenghuo-exec-'));
let count = 0;

function script(body: string): string {
  const path = join(folder, `${count++}.sh`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
const run = (body: string, more: Record<string, unknown> = {}) => lookWith({ kind: 'exec', command: script(body), timeout: '5s', slow_after: '4s', ...more });

it.each([
  { body: 'echo "OK - 3 in the queue"', outcome: { kind: 'pass' } },
  { body: 'echo; echo "queue is stuck"; echo more; exit 1', outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'queue is stuck' } } },
  { body: 'echo "CRITICAL - disk"; exit 2', outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'CRITICAL - disk' } } },
  { body: 'exit 1', outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'exit 1' } } },
  { body: 'echo "cannot connect" >&2; exit 2', outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'cannot connect' } } },
  { body: 'echo "no credentials"; exit 3', outcome: { kind: 'unknown', reason: 'exit 3: no credentials' } },
  { body: 'no-such-program-anywhere 2>/dev/null', outcome: { kind: 'unknown', reason: 'exit 127' } },
  { body: 'kill -TERM $$', outcome: { kind: 'unknown', reason: 'SIGTERM' } },
])('$body is $outcome.kind', async ({ body, outcome }) => {
  expect((await run(body)).outcome).toEqual(outcome);
});

it('keeps what was said, a JSON line by itself, and how long it took', async () => {
  const result = await run(`echo "WARNING - slow"; echo '{"depth":12,"oldest":"4m"}'; echo note >&2; exit 1`, { fails_as: 'business' });
  expect(result.outcome).toMatchObject({ kind: 'fail', failure: { kind: 'business' } });
  expect(result.evidence).toEqual({ exit: 1, output: 'WARNING - slow\n{"depth":12,"oldest":"4m"}\n', errors: 'note\n', data: { depth: 12, oldest: '4m' } });
  expect(Object.keys(result.phases)).toEqual(['firstByte', 'body']);
});

it('is no shell: arguments arrive as they are written', async () => {
  const { evidence } = await run('printf "%s|" "$@"', { args: ['a b', '$(id)', ';', '*'] });
  expect(evidence.output).toBe('a b|$(id)|;|*|');
});

it('hands on only the environment that is named, and hides secrets', async () => {
  vi.stubEnv('HANDED_ON', 'yes');
  vi.stubEnv('KEPT_BACK', 'private');
  const { evidence } = await run('env | sort', { env: { GIVEN: 'one', KEY: new Secret('s3cret-value') }, pass_env: ['HANDED_ON', 'NOT_THERE'] });
  vi.unstubAllEnvs();
  const names = String(evidence.output)
    .split('\n')
    .map((line) => line.split('=')[0]);
  expect(names.filter((name) => name && !['_', 'PWD', 'OLDPWD', 'SHLVL'].includes(name))).toEqual([
    'FENGHUO_PROBE',
    'FENGHUO_TIMEOUT_MS',
    'FENGHUO_VANTAGE',
    'GIVEN',
    'HANDED_ON',
    'KEY',
    'LANG',
    'PATH',
  ]);
  expect(evidence.output).toContain('KEY=•••');
  expect(evidence.output).not.toContain('s3cret');
});

it('tells the program where it should leave from', async () => {
  const command = script('echo $FENGHUO_VANTAGE $FENGHUO_SOURCE_ADDRESS');
  const result = await lookWith({ kind: 'exec', command }, { id: 'two', region: '', carrier: '', sourceAddress: '127.0.0.2' });
  expect(result.evidence.output).toBe('two 127.0.0.2\n');
});

const isAlive = (pid: number): boolean => {
  try {
    // A killed process nobody has waited for yet is no longer alive.
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

it.each([
  { name: 'one that hangs', end: 'wait', timeout: '2s', outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: begun' } } },
  { name: 'one that ends and leaves a child', end: 'exit 0', timeout: '5s', outcome: { kind: 'pass' } },
])('$name is ended with all its children', async ({ end, timeout, outcome }) => {
  const pidFile = join(folder, `${count}.pid`);
  const result = await run(`sleep 600 & echo $! > ${pidFile}; trap "" TERM; echo begun; ${end}`, { timeout, slow_after: '1900ms' });
  expect(['slow', outcome.kind]).toContain(result.outcome.kind);
  if (outcome.kind === 'fail') expect(result.outcome).toEqual(outcome);
  await expect.poll(() => isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false);
});

it('does not choke on endless output', async () => {
  const result = await run('yes nonsense', { timeout: '2s', slow_after: '1900ms', max_output: 2_000 });
  expect(result.outcome).toMatchObject({ kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: nonsense' } });
  expect(result.evidence.cutBytes).toBeGreaterThan(10_000);
});

it('eight run at a time; who waits longer than its time is unknown, and waiting is no slowness of the script', async () => {
  const long = Array.from({ length: 8 }, () => run('sleep 0.7'));
  const [impatient, patient] = await Promise.all([run('true', { timeout: '300ms', slow_after: '200ms' }), run('true', { timeout: '5s', slow_after: '500ms' })]);
  expect(impatient.outcome).toEqual({ kind: 'unknown', reason: 'other programs were still running (8 at a time)' });
  expect(patient.outcome).toEqual({ kind: 'pass' });
  expect(patient.durationMs).toBeLessThan(500);
  expect((await Promise.all(long)).map(({ outcome }) => outcome.kind)).toEqual(Array.from({ length: 8 }, () => 'pass'));
});

it('a program that is not there, or may not be run, says nothing about the target', async () => {
  expect((await lookWith({ kind: 'exec', command: join(folder, 'missing') })).outcome).toEqual({ kind: 'unknown', reason: `${join(folder, 'missing')}: ENOENT` });
  const plain = join(folder, 'plain.txt');
  writeFileSync(plain, 'text', { mode: 0o644 });
  expect(existsSync(plain)).toBe(true);
  expect((await lookWith({ kind: 'exec', command: plain })).outcome).toEqual({ kind: 'unknown', reason: `${plain}: EACCES` });
});

it.each([
  { wrong: { command: 'check.sh' }, said: 'command: must be an absolute path, for example /opt/checks/queue.sh' },
  { wrong: { command: '/bin/true', args: ['a\0b'] }, said: 'args.0: an argument holds no NUL' },
  { wrong: { command: '/bin/true', pass_env: ['A=B'] }, said: 'pass_env.0: not the name of an environment variable' },
])('$said', ({ wrong, said }) => {
  expect(complaints({ kind: 'exec', ...wrong })).toEqual([said]);
});
