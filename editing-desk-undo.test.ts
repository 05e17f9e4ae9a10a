import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '#config';
import { ask, by, desk, environment, folder, fresh, main, saved, text } from './test/editing-folder.ts';

describe('undo', () => {
  it('gives the former bytes, and undoing that gives the change again', async () => {
    const done = await saved(ask({ set: { interval: '30s' } }));
    const undone = await desk.undo({ change: done.change, ...by });
    expect([undone.ok, await text()]).toEqual([true, main]);
    expect((await desk.changes()).map(({ action, undoable, actor }) => [action, undoable, actor])).toEqual([
      ['undo', true, '李雷'],
      ['edit', false, '李雷'],
    ]);
    await desk.undo({ change: undone.ok ? undone.change : '', ...by });
    expect(await text()).toBe(main.replace('10s', '30s'));
  });

  it('is refused when the file was changed since', async () => {
    const done = await saved(ask({ set: { interval: '30s' } }));
    await writeFile(join(folder, 'fenghuo.yaml'), `${await text()}# by hand\n`);
    expect(await desk.undo({ change: done.change, ...by })).toMatchObject({ ok: false, code: 'conflict' });
    expect(await text()).toContain('# by hand');
  });

  it('brings back a file that went, and takes away one that came', async () => {
    const made = await saved(fresh({}));
    const content = await text('conf.d/probe-new.yaml');
    const going = await desk.previewRemoval({ section: 'probes', id: 'new' });
    const gone = await desk.remove({ section: 'probes', id: 'new', hash: going.ok ? going.preview.hash : '', ...by });
    const back = await desk.undo({ change: gone.ok ? gone.change : '', ...by });
    expect(await text('conf.d/probe-new.yaml')).toBe(content);
    await desk.undo({ change: back.ok ? back.change : '', ...by });
    expect(await desk.undo({ change: made.change, ...by })).toMatchObject({ ok: false, code: 'conflict' });
    expect(await readdir(join(folder, 'conf.d'))).toEqual([]);
  });

  it('keeps a byte order mark, line ends of Windows, the mode, and the file behind a link', async () => {
    const odd = '\uFEFF# head\r\nprobes:\r\n  - id: odd\r\n    kind: tcp\r\n    service: s\r\n    address: 127.0.0.1:9\r\n';
    await mkdir(join(folder, 'conf.d'));
    await writeFile(join(folder, 'real.txt'), odd);
    await chmod(join(folder, 'real.txt'), 0o640);
    await symlink('../real.txt', join(folder, 'conf.d/odd.yaml'));
    const done = await saved(ask({ id: 'odd', kind: 'tcp', set: { interval: '30s' } }));
    expect(await text('real.txt')).toBe(`${odd}    interval: 30s\r\n`);
    expect((await stat(join(folder, 'real.txt'))).mode & 0o777).toBe(0o640);
    await desk.undo({ change: done.change, ...by });
    expect(await text('real.txt')).toBe(odd);
  });

  it('keeps the last twenty of a file', async () => {
    for (let turn = 0; turn < 22; turn++) await saved(ask({ set: { interval: `${20 + turn}s` } }));
    const kept = await desk.changes();
    expect([kept.length, kept[0]?.undoable, kept[1]?.undoable]).toEqual([20, true, false]);
  });

  it('whatever was edited, undone it is the same bytes', async () => {
    const value = fc.oneof(fc.constantFrom('30s', '1m'), fc.constant(undefined));
    const change = fc.record({ interval: value, timeout: value, labels: fc.dictionary(fc.constantFrom('team', 'area'), fc.constantFrom('a', '1', 'x: y', '中文'), { noNullPrototype: true }) });
    const style = fc.constantFrom(main, main.replaceAll('\n', '\r\n'), main.replace('    interval: 10s\n', ''), `${main}# tail`);
    await fc.assert(
      fc.asyncProperty(style, change, async (start, { labels, ...rest }) => {
        await writeFile(join(folder, 'fenghuo.yaml'), start);
        const set = { labels, ...Object.fromEntries(Object.entries(rest).filter(([, each]) => each !== undefined)) };
        const done = await saved(ask({ set: { ...set, timeout: '40s' } }));
        expect(loadConfig(join(folder, 'fenghuo.yaml'), environment)).toMatchObject({ ok: true });
        const back = await desk.undo({ change: done.change, ...by });
        expect([back.ok, await text()]).toEqual([true, start]);
      }),
      { numRuns: 8 },
    );
  });
});
