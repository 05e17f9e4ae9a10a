import type { Bilingual } from './text.ts';

const reasons: Readonly<Record<string, Bilingual>> = {
  ENOENT: { 'zh-CN': '不存在', en: 'does not exist' },
  EACCES: { 'zh-CN': '没有权限', en: 'permission denied' },
  EPERM: { 'zh-CN': '没有权限', en: 'permission denied' },
  EISDIR: { 'zh-CN': '是目录，不是文件', en: 'is a directory, not a file' },
  ENOTDIR: { 'zh-CN': '路径中有一段不是目录', en: 'part of the path is not a directory' },
  EROFS: { 'zh-CN': '所在磁盘只读', en: 'the disk is read-only' },
  ENOSPC: { 'zh-CN': '磁盘已满', en: 'the disk is full' },
  EADDRINUSE: { 'zh-CN': '端口已被占用', en: 'the port is taken by another program' },
  EADDRNOTAVAIL: { 'zh-CN': '本机没有这个地址', en: 'this machine has no such address' },
};

/** A failed call of the system as a person says it: what it was about, and why. */
export function failureText(error: unknown): Bilingual {
  if (!(error instanceof Error)) return { 'zh-CN': String(error), en: String(error) };
  const { code = '', path, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const reason = reasons[code];
  const what = path ?? (port === undefined ? undefined : `${address ?? ''}:${port}`);
  if (!reason || what === undefined) return { 'zh-CN': withCauses(error), en: withCauses(error) };
  return { 'zh-CN': `${what}：${reason['zh-CN']}（${code}）`, en: `${what}: ${reason.en} (${code})` };
}

/** A library says what it was about, and only its cause why it failed. */
function withCauses(error: Error): string {
  const said = error.message.trim();
  const { cause } = error;
  return cause instanceof Error && !said.includes(cause.message) ? `${said}: ${withCauses(cause)}` : said;
}
