import type { AttributeValue } from '#collector/log.ts';

/**
 * What a log format appends after the user agent: `rt=0.123`, `0.123`, `"0.123"`, `code=001`, forwarded addresses and the like.
 * The first request time and the first code are read, the rest stays in the body; a forwarded address is never taken as the
 * client's, because anyone can send one.
 */
export function readTail(line: string, at: number, attributes: Record<string, AttributeValue>): string {
  let position = at;
  while (position < line.length) {
    if (line.charCodeAt(position) !== 32) return 'something is glued to a closing quote';
    let start = position + 1;
    const key = keyEnd(line, start);
    const name = key < 0 ? '' : line.slice(start, key);
    if (key >= 0) start = key + 1;
    let end: number;
    if (line.charCodeAt(start) === 34) {
      start++;
      end = line.indexOf('"', start);
      if (end < 0) return 'a trailing field is cut off';
      position = end + 1;
    } else {
      end = line.indexOf(' ', start);
      if (end < 0) end = line.length;
      position = end;
    }
    keep(name, line.slice(start, end), attributes);
  }
  return '';
}

/** The `=` of `key=value`, or -1. */
function keyEnd(line: string, from: number): number {
  for (let index = from; index < line.length && index - from < 24; index++) {
    const code = line.charCodeAt(index);
    if (code === 61) return index > from ? index : -1;
    if (!((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95)) return -1;
  }
  return -1;
}

function keep(name: string, value: string, attributes: Record<string, AttributeValue>): void {
  if (name === 'code') attributes['app.code'] ??= value;
  else if (name === 'rt' || name === 'request_time' || name === '') {
    if (attributes['http.server.request.duration'] !== undefined) return;
    // Without a name only a number with a point is a time: whole numbers are counts, ports or codes.
    const seconds = decimal(value, name !== '');
    if (seconds >= 0) attributes['http.server.request.duration'] = seconds;
  }
}

/** A plain decimal number, or -1. */
function decimal(text: string, wholeToo: boolean): number {
  let point = false;
  if (text.length === 0 || text.length > 16) return -1;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 46 && !point && index > 0 && index < text.length - 1) point = true;
    else if (code < 48 || code > 57) return -1;
  }
  return point || wholeToo ? Number(text) : -1;
}
