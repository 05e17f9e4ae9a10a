import { describe, expect, it, test } from 'vitest';
import { readExposition } from './exposition.ts';
import { readSeriesName } from './exposition-series.ts';

const read = (text: string, openMetrics = false) => readExposition(text, { openMetrics, most: 100, series: readSeriesName });
const shown = (text: string, openMetrics = false) => read(text, openMetrics).samples.map(({ series, value, at }) => [series.metric, series.labels, value, ...(at === undefined ? [] : [at])]);

describe('the text format', () => {
  it('reads families of every kind, with blanks, comments and escapes where they may be', () => {
    const page = `# HELP http_requests_total All of them. \\n "quoted"
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400",} 3 -1
# any other comment

  msdos_file_access_time_seconds { path = "C:\\\\DIR\\\\FILE.TXT" , error="Cannot find \\"it\\":\\n\\q}" }\t1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf
something:odd{problem=""} -inf
nothing NaN
# TYPE rpc summary
rpc{quantile="0.5"} .5
rpc_sum 1.7560473e+07
# TYPE took histogram
took_bucket{le="+Inf"} 144320\r
名称 1`;
    expect(() => read(page)).toThrow('line 17: a name is letters, digits, _ and :: "名称 1"');
    expect(shown(page.slice(0, page.lastIndexOf('\n')))).toEqual([
      ['http_requests_total', { method: 'post', code: '200' }, 1027, 1_395_066_363_000],
      ['http_requests_total', { method: 'post', code: '400' }, 3, -1],
      ['msdos_file_access_time_seconds', { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find "it":\n\\q}' }, 1_458_255_915],
      ['metric_without_timestamp_and_labels', {}, 12.47],
      ['something_weird', { problem: 'division by zero' }, Number.POSITIVE_INFINITY],
      ['something:odd', {}, Number.NEGATIVE_INFINITY],
      ['nothing', {}, Number.NaN],
      ['rpc', { quantile: '0.5' }, 0.5],
      ['rpc_sum', {}, 17_560_473],
      ['took_bucket', { le: '+Inf' }, 144_320],
    ]);
  });

  it('a name of other letters stands quoted among the labels', () => {
    expect(shown('{"http.状态", "my.label"="x", a="b"} 1\n')).toEqual([['http.状态', { 'my.label': 'x', a: 'b' }, 1]]);
  });

  it('nothing is nothing', () => expect(read('')).toEqual({ samples: [], exemplars: 0 }));

  test.each([
    ['a 1\nb\n', 'line 2: there is no value: "b"'],
    ['a{b="c} 1', 'line 1: a text does not end'],
    ['a{b="c" 1', 'line 1: the labels do not end'],
    ['a{b=c} 1', 'line 1: the value of label b is no quoted text'],
    ['a{b} 1', 'line 1: label b has no value'],
    ['a{1="c"} 1', 'line 1: a label is letters'],
    ['a{b="1",b="2"} 1', 'line 1: label b is there twice'],
    ['a{b="1" c="2"} 1', 'line 1: labels are parted by commas'],
    ['{b="1"} 1', 'line 1: a series without a name'],
    ['a one', 'line 1: "one" is no value'],
    ['a 0x10', 'line 1: "0x10" is no value'],
    ['a 1_000', 'line 1: "1_000" is no value'],
    ['a 1 now', 'line 1: "now" is no time in milliseconds'],
    ['a 1 1.5', 'line 1: "1.5" is no time in milliseconds'],
    ['a 1 2 3', 'line 1: there is something after the time'],
    ['# TYPE a counted\n', 'line 1: "counted" is no type'],
    ['<html>\n', 'line 1: a name is letters'],
    [`${'a 1\n'.repeat(101)}`, 'more than 100 samples'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});

describe('OpenMetrics', () => {
  it('counts seconds, passes over exemplars, and ends where it says', () => {
    const page = `# TYPE foo counter
# UNIT foo_seconds seconds
# HELP foo all
foo_total 17.0 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67
foo_created 1520872607.123
# TYPE bar histogram
bar_bucket{le="+Inf",x="a # {"} 8 # {} 9.8 1520879607.789
# EOF
`;
    expect(shown(page, true)).toEqual([
      ['foo_total', {}, 17, 1_520_879_607_789],
      ['foo_created', {}, 1_520_872_607.123],
      ['bar_bucket', { le: '+Inf', x: 'a # {' }, 8],
    ]);
    expect(read(page, true).exemplars).toBe(2);
  });

  test.each([
    ['a 1\n', 'line 1: it does not end with # EOF'],
    ['a 1\n# EOF\nb 2\n', 'line 3: there is something after # EOF'],
    ['a 1\n\n# EOF\n', 'line 2: a name is letters'],
    ['a  1\n# EOF\n', 'line 1: there is no value'],
    ['# comment\n# EOF\n', 'line 1: a line with # is HELP, TYPE, UNIT or EOF'],
    ['# TYPE a untyped\n# EOF\n', 'line 1: "untyped" is no type'],
    ['a 1 # 2\n# EOF\n', 'line 1: an exemplar begins with its labels'],
    ['a 1 # {} x\n# EOF\n', 'line 1: "x" is no value'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => read(text, true)).toThrow(message);
  });
});
