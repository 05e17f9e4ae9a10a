import { describe, expect, it } from 'vitest';
import type { PanelData } from '#console/api/views.ts';
import { runs } from './runs.ts';
import { csv, panelTable } from './table.ts';

const both = (text: string) => ({ 'zh-CN': text, en: text });
const words = { say: (text: { en: string }) => text.en, time: 'Time', series: 'Series', bound: 'Up to', count: 'Count' };

describe('the table twin of a panel', () => {
  it('has one row a step and an empty cell for a gap', () => {
    const data: PanelData = { type: 'series', times: ['t0', 't1'], stepMs: 1, unit: 'ratio', partial: false, series: [{ key: 'a', label: both('甲'), values: [0.5, null], samples: 1 }] };
    expect(panelTable(data, words)).toEqual({
      columns: ['Time', '甲'],
      rows: [
        ['t0', 0.5],
        ['t1', null],
      ],
    });
    expect(csv(panelTable(data, words))).toBe('Time,甲\r\nt0,0.5\r\nt1,');
  });

  it('never hands a spreadsheet a formula, whatever a log line says', () => {
    const text = csv({
      columns: ['Series', 'Count'],
      rows: [
        ['=HYPERLINK("http://x")', 1],
        ['@SUM(A1)', 2],
        ['a,"b"\nc', 3],
      ],
    });
    expect(text).toBe(`Series,Count\r\n"'=HYPERLINK(""http://x"")",1\r\n'@SUM(A1),2\r\n"a,""b""\nc",3`);
  });
});

it('joins neighbouring states into bars', () => {
  expect(runs(['ok', 'ok', 'down', 'unknown', 'unknown'])).toEqual([
    { state: 'ok', from: 0, length: 2 },
    { state: 'down', from: 2, length: 1 },
    { state: 'unknown', from: 3, length: 2 },
  ]);
});
