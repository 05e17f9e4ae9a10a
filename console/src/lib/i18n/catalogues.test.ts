import { expect, it } from 'vitest';
import { en } from './en.ts';
import { zhCN } from './zh-CN.ts';

/** Every text by its path; functions are called with stand-ins. */
function texts(node: unknown, path = ''): [string, string][] {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') return [[path, String(node(2, 3, '4'))]];
  return Object.entries(node as Record<string, unknown>).flatMap(([key, value]) => texts(value, `${path}.${key}`));
}

it('holds the same texts in both languages, none of them empty', () => {
  expect(texts(en).map(([path]) => path)).toEqual(texts(zhCN).map(([path]) => path));
  for (const [path, text] of [...texts(en), ...texts(zhCN)]) expect(text.trim(), path).not.toBe('');
});

it('speaks no Chinese in English, but for the name of the other language', () => {
  const chinese = texts(en).filter(([, text]) => /[\u4e00-\u9fff]/.test(text));
  expect(chinese.map(([path]) => path)).toEqual(['.top.language', '.notices.zh', '.palette.language']);
});
