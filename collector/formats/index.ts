import { buildKind, type KindParse } from '#lib/kinds.ts';
import { auth } from './auth.ts';
import { combined } from './combined.ts';
import type { Format } from './format.ts';
import { syslog } from './syslog.ts';

/** Every log format; a new one is a file, its test and a line here. */
export const formats = [combined, auth, syslog] as const;
export const formatNames = formats.map((format) => format.kind);

/** `{ kind: 'combined', zone: 'Asia/Shanghai' }` → a ready format, or what is wrong with it. */
export const buildFormat = (raw: Record<string, unknown>): KindParse<Format> => buildKind<Format, void>(formats, raw, undefined);
