import type { PanelData } from '#console/api/views.ts';
import type { Bilingual } from '#lib/text.ts';

/** The numbers of a panel as rows: the chart's twin for screen readers, for 03:00 and for a spreadsheet. */
export interface Table {
  columns: string[];
  rows: (string | number | null)[][];
}

export interface TableWords {
  say(text: Bilingual): string;
  time: string;
  series: string;
  bound: string;
  count: string;
}

export function panelTable(data: PanelData, words: TableWords): Table {
  switch (data.type) {
    case 'series':
      return { columns: [words.time, ...data.series.map((each) => words.say(each.label))], rows: data.times.map((time, index) => [time, ...data.series.map((each) => each.values[index] ?? null)]) };
    case 'heatmap':
      return { columns: [words.time, words.bound, words.count], rows: data.cells.map(([time, row, count]) => [data.times[time] ?? null, data.bounds[row] ?? null, count]) };
    case 'top':
      return { columns: [words.series, words.count], rows: data.rows.map((row) => [words.say(row.label), row.value]) };
    case 'states':
      return { columns: [words.time, ...data.rows.map((row) => words.say(row.label))], rows: data.times.map((time, index) => [time, ...data.rows.map((row) => row.cells[index] ?? null)]) };
    case 'stat':
      return { columns: [words.count], rows: [[data.value]] };
  }
}

/** Comma-separated values that a spreadsheet opens as text and numbers, never as a formula. */
export function csv(table: Table): string {
  return [table.columns, ...table.rows].map((row) => row.map(cell).join(',')).join('\r\n');
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a text to the browser as a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([`\ufeff${text}`], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
