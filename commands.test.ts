import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

/** Every verb as a user types it, rightly and wrongly: exit codes, what stands on standard output, what people are told. */

const home = mkdtempSync(join(tmpdir(), 'fenghuo-commands-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(home, name), content);
  return join(home, name);
};
const nowhere = join(home, 'nowhere');
const good = file(
  'good.yaml',
  `services: [ { id: web, name: 演示 } ]
probes: [ { id: closed, kind: http, service: web, url: "http://127.0.0.1:1/", timeout: 2s } ]
alerting: { route: { receiver: ops }, receivers: [ { name: ops, email_configs: [ { to: ops@demo.example } ] } ] }
smtp: { url: "smtp://127.0.0.1:1", from: "fenghuo@demo.example" }
`,
);
const bad = file('bad.yaml', 'services: [ { id: web } ]\n');
const chinese = file('gb18030.yaml', Buffer.concat([Buffer.from('services:\n  - { id: web, name: '), Buffer.from([0xd1, 0xdd, 0xca, 0xbe]), Buffer.from(' }\n')]));
const log = file('access.log', '192.0.2.1 - - [01/Mar/2026:10:00:00 +0800] "GET / HTTP/1.1" 200 12 "-" "demo" rt=0.010\n');
const rules = file('rules.yaml', 'rules: []\ntests: []\n');

interface Said {
  code: number;
  out: string;
  err: string;
}
function fenghuo(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  return new Promise((done) => {
    execFile(process.execPath, ['main.ts', ...args], { env: { PATH: process.env.PATH ?? '', LANG: 'C', NODE_COMPILE_CACHE: join(tmpdir(), 'fenghuo-compile-cache'), ...env } }, (error, out, err) =>
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err }),
    );
  });
}

describe.concurrent('wrong usage ends with 2, says what is wrong and how it goes', () => {
  it.each([
    { args: [], says: 'say what to do' },
    { args: ['nonsense'], says: '"nonsense" is not a command' },
    { args: ['logs'], says: 'fenghuo logs parse' },
    { args: ['start', '--nope'], says: '--nope is not an option here' },
    { args: ['start', 'extra'], says: '"extra" is one word too many' },
    { args: ['start', '--role', 'king'], says: 'none of all, collector, alerts, console' },
    { args: ['start', '--listen', '8600'], says: 'is not ADDR:PORT' },
    { args: ['start', '--demo', '--config', good], says: 'leave out --config' },
    { args: ['check', '--nope'], says: '--nope is not an option here' },
    { args: ['check', '--config'], says: '--config needs a value' },
    { args: ['check', '--json=yes'], says: '--json takes no value' },
    { args: ['check', good], says: 'one word too many' },
    { args: ['logs', 'parse', log], says: 'no --format given: combined or nginx' },
    { args: ['logs', 'parse', '--format', 'nope', log], says: 'none of combined, nginx' },
    { args: ['logs', 'parse', '--format', 'auth', '--year', 'last', log], says: 'is not a year' },
    { args: ['logs', 'parse', '--format', 'auth'], says: 'no FILE given' },
    { args: ['probe', 'run', '--config', good], says: 'say the id of the probe' },
    { args: ['probe', 'run', 'none', '--config', good], says: 'no probe "none"; there are: closed' },
    { args: ['probe', 'run', 'closed', 'more', '--config', good], says: '"more" is one word too many' },
    { args: ['rules', 'test'], says: 'usage: fenghuo rules test' },
    { args: ['rules', 'test', '-x', rules], says: '-x is not an option here' },
    { args: ['routes', 'test', '--config', good], says: 'say the labels of the alert' },
    { args: ['routes', 'test', '--config', good, 'critical'], says: 'is not LABEL=VALUE' },
    { args: ['runbook', 'check'], says: 'usage: fenghuo runbook check' },
    { args: ['user', 'add'], says: 'say the name' },
    { args: ['user', 'add', 'li', 'ming', '--email', 'a@demo.example'], says: 'put a name with blanks in quotes' },
    { args: ['user', 'add', 'li'], says: 'say the mail address with --email' },
    { args: ['user', 'add', 'li', '--email', 'a@demo.example', '--role', 'king'], says: 'none of viewer, responder, publisher, admin' },
    { args: ['token', 'add', 'ci'], says: 'with --scope' },
    { args: ['token', 'add', 'ci', '--scope', 'read,all'], says: '"all" is none of ingest, alerts, read' },
    { args: ['verify', '--nope'], says: '--nope is not an option here' },
  ])('fenghuo $args.0 $args.1 $args.2 $args.3: $says', async ({ args, says }) => {
    const { code, out, err } = await fenghuo(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
    expect(err).toContain('fenghuo ');
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe.concurrent('what cannot be read ends with 3 and names it', () => {
  it.each([
    { args: ['check', '--config', nowhere], says: 'ENOENT' },
    { args: ['start', '--config', nowhere, '--data', join(home, 'unused')], says: 'ENOENT' },
    { args: ['probe', 'run', 'closed', '--config', nowhere], says: 'ENOENT' },
    { args: ['routes', 'test', '--config', nowhere, 'a=b'], says: 'ENOENT' },
    { args: ['logs', 'parse', '--format', 'auth', nowhere], says: 'does not exist' },
    { args: ['logs', 'parse', '--format', 'auth', home], says: 'is a directory' },
    { args: ['rules', 'test', nowhere], says: 'does not exist' },
    { args: ['runbook', 'check', nowhere], says: 'ENOENT' },
    { args: ['user', 'add', 'li', '--email', 'a@demo.example', '--password-file', nowhere, '--data', nowhere], says: 'does not exist' },
    { args: ['verify', '--data', nowhere], says: 'there is no data in' },
  ])('fenghuo $args.0 $args.1 $args.2', async ({ args, says }) => {
    const { code, out, err } = await fenghuo(args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(says);
    expect(err).not.toMatch(/^\s+at /m);
  });
});

describe.concurrent('with --json standard output holds one document, whatever happens', () => {
  it.each([
    { args: ['check', '--config', good], code: 0, holds: { ok: true, problems: [] } },
    { args: ['check', '--config', bad], code: 1, holds: { ok: false, problems: [{ file: 'bad.yaml', line: 1, path: 'services[0].name' }] } },
    { args: ['check', '--config', chinese], code: 1, holds: { ok: false, problems: [{ file: 'gb18030.yaml', line: 2, message: 'is not UTF-8 text' }] } },
    { args: ['check', '--config', nowhere], code: 3, holds: { ok: false } },
    { args: ['routes', 'test', '--config', good, 'severity=critical'], code: 0, holds: { receivers: [{ name: 'ops' }], mutedBy: [] } },
    { args: ['routes', 'test', `--config=${bad}`, 'severity=critical'], code: 1, holds: { ok: false } },
    { args: ['probe', 'run', 'closed', '--config', good], code: 1, holds: { probe: 'closed', outcome: 'fail', failure: { kind: 'connect' } } },
    { args: ['probe', 'run', 'closed', '--config', bad], code: 1, holds: { ok: false } },
    { args: ['rules', 'test', rules], code: 0, holds: { passed: 0, failed: 0 } },
    { args: ['rules', 'test', bad], code: 1, holds: { passed: 0, failures: [{ expected: 'a valid test file' }, {}] } },
    { args: ['rules', 'test', nowhere], code: 3, holds: { passed: 0 } },
    { args: ['runbook', 'check', 'runbooks/library'], code: 0, holds: { ok: true } },
    { args: ['runbook', 'check', bad], code: 1, holds: { ok: false } },
    { args: ['logs', 'parse', '--format', 'combined', '--summary', log], code: 0, holds: { lines: 1, events: 1 } },
    { args: ['verify', '--data', nowhere], code: 3, holds: { ok: false } },
  ])('fenghuo $args.0 $args.1 $args.2 $args.3 ends with $code', async ({ args, code, holds }) => {
    const said = await fenghuo([...args, '--json']);
    expect(said.code).toBe(code);
    expect(JSON.parse(said.out)).toMatchObject(holds);
  });
});

describe.concurrent('help', () => {
  it('is shown for the whole command and for a verb, on standard output', async () => {
    const [all, one] = await Promise.all([fenghuo(['--help']), fenghuo(['logs', 'parse', '--help'])]);
    expect([all.code, one.code]).toEqual([0, 0]);
    expect(all.out).toContain('fenghuo runbook check FILE…');
    expect(one.out).toMatch(/^ {2}fenghuo logs parse .*\n.*\n$/);
  });

  it('speaks Chinese where the terminal does', async () => {
    const { code, err } = await fenghuo(['check', '--nope'], { LANG: 'zh_CN.UTF-8' });
    expect({ code, err }).toEqual({ code: 2, err: '没有 --nope 这个选项\n用法: fenghuo check [--config FILE] [--json]\n' });
  });

  it('tells the version', async () => {
    expect((await fenghuo(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
