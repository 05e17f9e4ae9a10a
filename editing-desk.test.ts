import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { loadConfig } from '#config';
import type { ChangeAsk, EntryOf } from '#console/api/editing.ts';
import { ask, by, desk, environment, folder, fresh, freshFile, main, openDesk, problems, reloads, save, saved, text, token } from './test/editing-folder.ts';

/** The desk on real files: what a form sends, what the files hold then, and the way back. */

const marks = { same: ' ', added: '+', removed: '-', gap: '…' };

describe('an entry that stands in the main file', () => {
  it('is shown as written, secrets hidden and references kept', async () => {
    const entry = (await desk.entry({ section: 'probes', id: 'home' })) as EntryOf;
    expect(entry).toMatchObject({ kind: 'http', file: 'fenghuo.yaml', line: 6, readOnly: null, changes: [] });
    expect(entry.values).toMatchObject({ url: 'http://127.0.0.1:9/', bearer: '•••', headers: { 'x-api-key': token } });
    expect(entry.yaml).toBe(`- id: home\n  kind: http\n  service: s\n  url: http://127.0.0.1:9/   # nobody there\n  interval: 10s\n  bearer: •••\n  headers: { x-api-key: "${token}" }`);
  });

  it('is looked at before it is written, and only its line changes', async () => {
    const change = ask({ set: { interval: '30s' } });
    const seen = await desk.preview(change);
    expect(seen.ok && seen.preview).toMatchObject({ action: 'edit', file: 'fenghuo.yaml', problems: [], elsewhere: [] });
    expect(seen.ok && seen.preview.diff.filter(({ kind }) => kind !== 'same').map(({ kind, text: line }) => marks[kind] + line)).toEqual(['-    interval: 10s', '+    interval: 30s']);
    expect(JSON.stringify(seen)).not.toContain('sesame');
    expect(await text()).toBe(main);
    await saved(change);
    expect(await text()).toBe(main.replace('10s', '30s'));
    expect(reloads).toBe(1);
  });

  it('keeps a secret that was not touched, and takes a new one without showing it', async () => {
    await saved(ask({ set: { headers: { 'x-api-key': token, accept: '*/*' } } }));
    expect(await text()).toContain('bearer: sesame-open-1');
    const done = await saved(ask({ set: { bearer: 'brand-new-2' } }));
    expect(await text()).toContain('bearer: brand-new-2');
    expect(done.diff.map(({ text: line }) => line)).toEqual(expect.arrayContaining(['    bearer: •••', '    bearer: •••*']));
    expect(JSON.stringify([done, await desk.changes(), await desk.entry({ section: 'probes', id: 'home' })])).not.toMatch(/sesame|brand-new/);
  });

  it('a change of the file by somebody else meanwhile is a conflict with the new difference', async () => {
    const change = ask({ set: { interval: '30s' } });
    const seen = await desk.preview(change);
    await writeFile(join(folder, 'fenghuo.yaml'), main.replace('10s', '20s'));
    const done = await desk.apply({ ...change, ...by, hash: seen.ok ? seen.preview.hash : '' });
    expect(done).toMatchObject({ ok: false, code: 'conflict', preview: { diff: expect.arrayContaining([expect.objectContaining({ kind: 'removed', text: '    interval: 20s' })]) } });
    expect(await text()).toBe(main.replace('10s', '20s'));
  });

  it('a reload that is refused puts the old file back', async () => {
    let turn = 0;
    openDesk({ reload: async () => turn++ > 0 });
    expect(await save(ask({ set: { interval: '30s' } }))).toMatchObject({ ok: false, code: 'invalid' });
    expect([await text(), turn, await desk.changes()]).toEqual([main, 2, []]);
  });

  it('taken out, unless something leans on it', async () => {
    const leaning = await desk.previewRemoval({ section: 'probes', id: 'home' });
    expect(leaning.ok && leaning.preview.elsewhere.map(({ path }) => path)).toEqual(['components[0].probes[0]']);
    const hash = leaning.ok ? leaning.preview.hash : '';
    expect(await desk.remove({ section: 'probes', id: 'home', hash, ...by })).toMatchObject({ ok: false, code: 'invalid' });
    await desk.remove({ section: 'sources', id: 'log', hash, ...by });
    expect(await text()).toContain('sources: []');
  });
});

describe('a new entry', () => {
  it('gets a file of its own, readable by us alone, and goes with it', async () => {
    const done = await saved(fresh({ interval: '30s', assert: [{ json: '$.code', equals: '001' }] }));
    expect(done).toMatchObject({ entry: 'new', file: 'conf.d/probe-new.yaml' });
    expect(await text('conf.d/probe-new.yaml')).toMatch(
      /^#.*\nprobes:\n {2}- id: new\n {4}kind: http\n {4}service: s\n {4}url: http:\/\/127.0.0.1:9\/\n {4}interval: 30s\n {4}assert:\n {6}- json: \$\.code\n {8}equals: "001"\n$/,
    );
    expect((await stat(join(folder, 'conf.d/probe-new.yaml'))).mode & 0o777).toBe(0o600);
    const going = await desk.previewRemoval({ section: 'probes', id: 'new' });
    await desk.remove({ section: 'probes', id: 'new', hash: going.ok ? going.preview.hash : '', ...by });
    expect(await readdir(join(folder, 'conf.d'))).toEqual([]);
  });

  it('never takes the name of a file that is there', async () => {
    await mkdir(join(folder, 'conf.d'));
    await writeFile(join(folder, 'conf.d/probe-new.yaml'), '# mine\n');
    expect((await saved(fresh({}))).file).toBe('conf.d/probe-new-2.yaml');
    expect(await text('conf.d/probe-new.yaml')).toBe('# mine\n');
  });

  test.each(['../evil', '/etc/x', '..', 'a/b', '', '.hidden', 'a\u0000b'])('is not called %j', async (id) => {
    expect(await problems(fresh({ id }))).toEqual([expect.stringMatching(/^id: /)]);
    expect(await save(fresh({ id }))).toMatchObject({ ok: false });
    expect(await readdir(folder)).not.toContain('conf.d');
  });

  it('has every problem at its field', async () => {
    expect(await problems(fresh({ id: 'home', interval: '30', url: 'ftp://x', assert: [{ json: 'x' }], service: 'other' }))).toEqual([
      'id: "home" is already used at probes[0].id',
      'service: "other" is not among services.id',
      'url: "ftp://x" is not an http or https address',
      'interval: "30" needs a unit, for example "30s"',
      'assert[0].json: "x" is not a JSON path',
    ]);
  });
});

describe('what a browser may not do', () => {
  test.each<{ name: string; change: ChangeAsk; said: RegExp }>([
    { name: 'make a script', change: fresh({ command: '/bin/sh' }), said: /^url|runs a command/ },
    { name: 'open the guard of metadata addresses', change: ask({ set: { metadata_addresses: 'allow' } }), said: /^metadata_addresses: the guard/ },
    { name: 'read a variable nobody uses', change: ask({ set: { url: `http://127.0.0.1/${['$', '{HOME}'].join('')}` } }), said: /^url: .*HOME.* is not used/ },
    { name: 'read a file as a secret', change: ask({ set: { bearer: { file: '/etc/shadow' } } }), said: /^bearer: file: \/etc\/shadow is not used/ },
    { name: 'send a kept secret elsewhere', change: ask({ set: { url: 'http://198.51.100.7/' } }), said: /^bearer: the address now leads to http:\/\/198.51.100.7/ },
    { name: 'claim a secret that was never there', change: fresh({ bearer: '•••' }), said: /^bearer: ••• stands for/ },
    { name: 'read any file as a log', change: freshFile({ paths: ['/etc/shadow'] }), said: /^paths\[0\]: .*outside/ },
    { name: 'climb out of a folder', change: freshFile({ paths: ['/var/log/{x,../../etc/shadow}'] }), said: /^paths\[0\]: .*outside/ },
    { name: 'put a problem into YAML', change: ask({ texts: { assert: 'a: [' } }), said: /^assert: line 1 is not YAML/ },
  ])('$name', async ({ change, said }) => {
    const asked = change.set.command === undefined ? change : { ...change, kind: 'exec' };
    expect((await problems(asked)).join('\n')).toMatch(said);
    expect(await save(asked)).toMatchObject({ ok: false });
    expect([await text(), reloads]).toEqual([main, 0]);
  });

  it('change or take out a script', async () => {
    expect(await desk.entry({ section: 'probes', id: 'script' })).toMatchObject({ readOnly: { en: expect.stringContaining('command') } });
    const change = ask({ id: 'script', kind: 'exec', set: { args: ['x'] } });
    expect(await desk.preview(change)).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await desk.apply({ ...change, hash: '', ...by })).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await desk.previewRemoval({ section: 'probes', id: 'script' })).toMatchObject({ ok: false, code: 'forbidden' });
  });

  it('turn one kind into another', async () => {
    await saved(ask({ kind: 'exec', set: { interval: '30s', kind: 'exec', id: 'other' } }));
    expect(await text()).toBe(main.replace('10s', '30s'));
  });

  it('may do what is used already: a variable, a path that stands there', async () => {
    expect(await problems(fresh({ bearer: token }))).toEqual([]);
    expect(await problems(ask({ section: 'sources', id: 'log', kind: 'file', set: { paths: ['/srv/app/app.log', '/var/log/nginx/*.log'], zone: 'Asia/Shanghai' } }))).toEqual([]);
  });

  it('write where it was said that files belong to somebody else', async () => {
    await writeFile(join(folder, 'fenghuo.yaml'), `editing: { enabled: false }\n${main}`);
    openDesk();
    expect(desk.forms().closed).not.toBeNull();
    expect(await save(ask({ set: { interval: '30s' } }))).toMatchObject({ ok: false, code: 'forbidden' });
  });
});

describe('tried before it is saved', () => {
  let server: Server;
  let url: string;
  beforeEach(async () => {
    server = createServer((_, response) => response.end('{"code":"001"}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => server.close());

  it('a probe says what it sees, and nothing is written', async () => {
    const good = await desk.tryProbe(fresh({ url, assert: [{ json: '$.code', equals: '001' }] }));
    expect(good).toMatchObject({ ok: true, result: { probeId: 'new', outcome: { kind: 'pass' }, phases: { connect: expect.any(Number) } } });
    const bad = await desk.tryProbe(fresh({ url, assert: [{ json: '$.code', equals: '000' }] }));
    expect(bad).toMatchObject({ ok: true, result: { outcome: { kind: 'fail', failure: { kind: 'assertion' } } } });
    expect([await readdir(folder), reloads]).toEqual([['fenghuo.yaml', 'logs'], 0]);
  });

  it('not a script, not what is wrong, not a metadata address', async () => {
    expect(await desk.tryProbe({ ...fresh({ command: '/bin/true' }), kind: 'exec' })).toMatchObject({ ok: false });
    expect(await desk.tryProbe(fresh({ url: 'x' }))).toMatchObject({ ok: false, code: 'invalid', problems: [{ path: 'url' }] });
    expect(await desk.tryProbe(fresh({ url: 'http://169.254.169.254/' }))).toMatchObject({ ok: true, result: { outcome: { kind: expect.stringMatching(/fail|unknown/) }, evidence: {} } });
  });

  it('lines are read as the form says, or from a file the saved source names', async () => {
    const source = { ...freshFile({ paths: ['/var/log/x.log'] }), now: by.now };
    const line = '203.0.113.9 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 500 7 "-" "curl"';
    const read = await desk.trySource({ ...source, lines: [line, '', 'no line of this format'] });
    expect(read).toMatchObject({ ok: true, file: null, lines: 3, records: [{ attributes: { 'http.response.status_code': 500 } }, { attributes: { 'log.malformed': expect.any(String) } }] });
    expect(await desk.trySource({ ...source, lines: null })).toMatchObject({ ok: false, code: 'not-found' });

    // The proxies of the whole site stand in front of this source too.
    await writeFile(join(folder, 'fenghuo.yaml'), `${main}trusted_proxies: [203.0.113.0/24]\n`);
    expect(await desk.trySource({ ...source, lines: [`${line} "192.0.2.7"`] })).toMatchObject({ ok: true, records: [{ attributes: { 'client.address': '192.0.2.7' } }] });

    await writeFile(join(folder, 'logs/app.log'), `${line}\n`.repeat(80));
    await saved(freshFile({ id: 'app', paths: [join(folder, 'logs/*.log')] }));
    const own = { section: 'sources' as const, id: 'app', kind: 'file', texts: {}, unset: [], now: by.now, lines: null };
    expect(await desk.trySource({ ...own, set: {} })).toMatchObject({ ok: true, file: 'app.log', lines: 50 });
    // The form's own paths choose no file to be read.
    expect(await desk.trySource({ ...own, set: { paths: ['/var/log/dpkg.log'] } })).toMatchObject({ ok: true, file: 'app.log' });
  });
});

describe('in the demo', () => {
  it('what it brings along is fixed, and what is added lies beside it', async () => {
    const place = { main: { name: 'demo/config.yaml', text: main }, root: folder, confD: join(folder, 'conf.d') };
    openDesk({ place, reload: async () => loadConfig(place, environment).ok });
    expect(await desk.entry({ section: 'probes', id: 'home' })).toMatchObject({ readOnly: { en: expect.stringContaining('demo') } });
    expect(await save(ask({ set: { interval: '30s' } }))).toMatchObject({ ok: false, code: 'forbidden' });
    expect(await saved(fresh({}))).toMatchObject({ file: 'conf.d/probe-new.yaml' });
    expect(await desk.entry({ section: 'probes', id: 'new' })).toMatchObject({ readOnly: null, changes: [{ action: 'create', undoable: true }] });
  });
});
