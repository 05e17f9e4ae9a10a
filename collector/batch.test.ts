import { describe, expect, it } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { type BatchHead, joinBatches, LineBatch, readBatch, recycle, rowCount, stored } from './batch.ts';
import type { LogRecord } from './log.ts';
import type { LineOrigin } from './origin.ts';

const at = unixMs(Date.UTC(2026, 10, 24, 10));
const access = (path: string): string => `203.0.113.7 - - [24/Nov/2026:17:05:03 +0800] "GET ${path} HTTP/1.1" 200 512 "-" "演示 Demo" rt=0.123`;
const origin = (kind: string): LineOrigin => ({ source: 'access', service: 'web', format: { kind }, observedAt: at, nearAt: at });
const login = 'Nov 24 17:05:03 gate sshd[7]: Failed password for root from 203.0.113.7 port 22 ssh2';

function batchOf(kind: string, lines: readonly string[]): LineBatch {
  const batch = new LineBatch(origin(kind));
  batch.add(lines);
  return batch;
}
const rowsOf = (batch: ReturnType<typeof readBatch>): readonly LogRecord[] => (batch.kind === 'lines' || batch.kind === 'logs' ? batch.rows : []);
const headOf = (batch: LineBatch): BatchHead => ({ seq: 1, token: 'token', ...stored(batch).head });

describe('lines on disk', () => {
  it.each([
    { name: 'kept as the column they are', kind: 'combined', lines: [access('/query/1'), 'not a request', access('/查询')] },
    { name: 'kept as text where records do not hold them whole', kind: 'auth', lines: [login, `${login} again`] },
  ])('give the records they gave before: $name', ({ kind, lines }) => {
    const batch = batchOf(kind, lines);
    expect(batch.rows.length).toBe(lines.length);
    expect(rowsOf(readBatch(headOf(batch), stored(batch).body))).toEqual(batch.rows);
  });

  it('of a former version, text without a layout, are read too', () => {
    const lines = [access('/query/1'), 'not a request', access('/查询')];
    const { layout: _, ...head } = headOf(batchOf('combined', lines));
    expect(rowsOf(readBatch(head, Buffer.from(lines.join('\n'))))).toEqual(batchOf('combined', lines).rows);
  });
});

describe('memory that is used again', () => {
  it('holds nothing of the rows it held before, and leaves those of others alone', () => {
    const first = batchOf(
      'combined',
      Array.from({ length: 300 }, (_, n) => access(`/first/part${n}`)),
    );
    const other = batchOf('combined', [access('/other')]);
    const before = other.rows;
    recycle(joinBatches([first]));
    const next = batchOf('combined', ['- - - [24/Nov/2026:17:05:04 +0800] "GET /next HTTP/1.1" 404 - "-" "-"']);
    expect(next.block).toBe(first.block);
    expect(rowCount(next)).toBe(1);
    expect(next.rows).toEqual(rowsOf(readBatch(headOf(next), stored(next).body)));
    expect(JSON.stringify(next.rows)).not.toContain('first');
    expect(other.rows).toEqual(before);
  });
});
