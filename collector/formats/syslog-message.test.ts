import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';
import { parseSyslog } from './syslog-message.ts';
import { zoneReader } from './zone.ts';

const near = unixMs(Date.parse('2026-11-24T12:00:00Z'));
const read = (text: string, zone = 'UTC') => {
  const { time, ...rest } = parseSyslog(text, { year: undefined, near, toInstant: zoneReader(zone) });
  return { ...rest, time: time === undefined ? undefined : new Date(time).toISOString() };
};

describe('a message of RFC 5424', () => {
  it('has every field', () => {
    expect(read('<165>1 2026-11-24T08:14:15.003+08:00 web1.example app 8710 ID47 [ex@32473 iut="3" source="a \\"b\\" \\\\ \\]"][meta seq="1"] \uFEFF查验 done')).toEqual({
      facility: 20,
      severity: 5,
      time: '2026-11-24T00:14:15.003Z',
      host: 'web1.example',
      program: 'app',
      pid: 8_710,
      messageId: 'ID47',
      structuredData: { 'ex@32473.iut': '3', 'ex@32473.source': 'a "b" \\ ]', 'meta.seq': '1' },
      message: '查验 done',
      header: 'rfc5424',
      prioritized: true,
    });
  });

  test.each([
    { name: 'nothing but text', text: '<13>1 - - - - - - x', got: { facility: 1, severity: 5, time: undefined, host: '', program: '', messageId: '', message: 'x' } },
    { name: 'no text', text: '<13>1 - h a - - -', got: { host: 'h', program: 'a', message: '' } },
    { name: 'microseconds in UTC', text: '<0>1 2003-10-11T22:14:15.000003Z h a - - - x', got: { facility: 0, severity: 0, time: '2003-10-11T22:14:15.000Z' } },
    { name: 'the blank rsyslog keeps from behind a tag', text: '<13>1 - h a - - -  x', got: { message: 'x' } },
    { name: 'a blank of its own', text: '<13>1 - h a - - -   x', got: { message: ' x' } },
    { name: 'a process that is no number', text: '<13>1 - h a main-2 - - x', got: { pid: undefined, message: 'x' } },
  ])('may have $name', ({ text, got }) => {
    expect(read(text)).toMatchObject({ header: 'rfc5424', ...got });
  });

  it('with broken structured data is kept as text', () => {
    expect(read('<13>1 - h a - - [broken x')).toMatchObject({ header: 'none', message: '1 - h a - - [broken x' });
  });
});

describe('a message of RFC 3164 and its dialects', () => {
  test.each([
    { name: 'as written down', text: '<34>Oct 11 22:14:15 mymachine su: failed for lonvick', got: { facility: 4, severity: 2, time: '2026-10-11T22:14:15.000Z', host: 'mymachine', program: 'su' } },
    { name: 'a year behind the day', text: '<13>Mar  7 2008 19:06:53 fw app: x', got: { time: '2008-03-07T19:06:53.000Z', host: 'fw', program: 'app' } },
    { name: 'a year behind the clock', text: '<13>Mar  7 19:06:53 2008 fw app: x', got: { time: '2008-03-07T19:06:53.000Z', host: 'fw', program: 'app' } },
    { name: 'a month in capitals', text: '<13>AUG 24 05:34:00 host app[7]: x', got: { time: '2026-08-24T05:34:00.000Z', pid: 7 } },
    { name: 'a colon behind the time', text: '<189>Nov 23 05:34:00: sw1 app: x', got: { time: '2026-11-23T05:34:00.000Z', host: 'sw1' } },
    { name: 'a star in front: a clock never set', text: '<189>*Nov 23 05:34:00.123: sw1 %LINK-3-UPDOWN: x', got: { time: '2026-11-23T05:34:00.123Z', host: 'sw1' } },
    { name: 'a blank before the priority', text: ' <166>Nov 23 2026 05:34:00 asa : %ASA-6-302013: Built', got: { facility: 20, severity: 6, host: 'asa' } },
    { name: 'RFC 3339 time', text: '<13>2026-11-24T10:00:00.123456+08:00 host sshd-session[9]: x', got: { time: '2026-11-24T02:00:00.123Z', program: 'sshd-session', pid: 9 } },
    { name: 'no host', text: '<13>Nov 23 05:34:00 app[7]: x', got: { host: '', program: 'app', pid: 7, message: 'x' } },
    { name: 'no tag', text: '<13>Nov 23 05:34:00 host just words', got: { host: 'host', program: '', message: 'just words' } },
  ])('may have $name', ({ text, got }) => {
    expect(read(text)).toMatchObject({ header: 'rfc3164', ...got });
  });

  it('29. is dated in the zone of its source', () => {
    expect(read('<13>Nov 23 05:34:00 host app: x', 'Asia/Shanghai').time).toBe('2026-11-22T21:34:00.000Z');
  });
});

describe('text without a header', () => {
  test.each([
    { name: 'a priority alone', text: '<11>app[3]: boom', got: { facility: 1, severity: 3, program: 'app', pid: 3, message: 'boom', prioritized: true } },
    { name: 'no priority', text: 'boom', got: { facility: 1, severity: 5, message: 'boom', prioritized: false } },
    { name: 'a priority out of range', text: '<192>boom', got: { facility: 1, severity: 5, message: '<192>boom', prioritized: false } },
    { name: 'nothing', text: '', got: { message: '', prioritized: false } },
  ])('$name', ({ text, got }) => {
    expect(read(text)).toMatchObject({ header: 'none', time: undefined, host: '', ...got });
  });

  it('19. is never slow and never throws', () => {
    for (const text of [`<13>1 - h a - - ${'[a b="'.repeat(10_000)}`, `<13>1 - h a - - [a${' b="\\'.repeat(20_000)}`, '<'.repeat(60_000), `<13>${'Nov '.repeat(15_000)}`])
      expect(read(text).header).toBe('none');
  });
});

describe('the format syslog', () => {
  const format = buildFormat({ kind: 'syslog', zone: 'Asia/Shanghai' });
  const parse = (line: string) => {
    if (!format.ok) throw new Error('no such format');
    return format.ready.parse(line, near);
  };

  it('names what a message is about', () => {
    expect(parse('<11>1 2026-11-24T08:00:00Z web1 app 12 ID1 [a b="c"] boom')).toEqual({
      time: Date.parse('2026-11-24T08:00:00Z'),
      severityNumber: 17,
      severityText: 'ERROR',
      body: 'boom',
      attributes: { 'host.name': 'web1', 'syslog.appname': 'app', 'process.pid': 12, 'syslog.msgid': 'ID1', 'syslog.facility': 1, 'syslog.structured_data.a.b': 'c' },
      malformed: '',
    });
  });

  it('keeps a line without header and says so', () => {
    expect(parse('just words')).toMatchObject({ body: 'just words', time: undefined, malformed: 'no syslog header' });
  });

  test.each([
    ['error: x', 17],
    ['fatal: x', 21],
    ['warning: x', 13],
    ['errors were found', 9],
  ])('without priority "%s" has severity %i', (text, severity) => {
    expect(parse(`Nov 23 05:34:00 host app: ${text}`).severityNumber).toBe(severity);
  });
});
