/**
 * Personal data masked before anything is kept: taxpayer codes (18 to 20 characters), full 20-digit invoice numbers,
 * mobile numbers, bearer tokens and secrets in query strings. Masks keep the length, and enough of the ends to tell two apart.
 */
export interface Masked {
  text: string;
  count: number;
}

interface Span {
  from: number;
  to: number;
  keepFirst: number;
  keepLast: number;
}

export function maskText(text: string): Masked {
  const spans = [...numberSpans(text), ...secretSpans(text)].sort((a, b) => a.from - b.from);
  if (spans.length === 0) return { text, count: 0 };
  let masked = '';
  let at = 0;
  let count = 0;
  for (const { from, to, keepFirst, keepLast } of spans) {
    if (from < at) continue;
    masked += `${text.slice(at, from + keepFirst)}${'*'.repeat(to - from - keepFirst - keepLast)}${text.slice(to - keepLast, to)}`;
    at = to;
    count++;
  }
  return { text: masked + text.slice(at), count };
}

const shortest = 11;

/** 1 digit, 2 upper-case letter, 3 lower-case letter, 0 anything else. */
const classOf = new Uint8Array(128);
for (let code = 48; code <= 57; code++) classOf[code] = 1;
for (let code = 65; code <= 90; code++) classOf[code] = 2;
for (let code = 97; code <= 122; code++) classOf[code] = 3;

/** A run of 11 letters and digits that begins at or after `floor` covers `floor + 10` or begins behind it: most bytes are never looked at. */
function numberSpans(text: string): Span[] {
  const spans: Span[] = [];
  const isPart = (at: number): boolean => {
    const code = text.charCodeAt(at);
    return code < 128 && classOf[code] !== 0;
  };
  let floor = 0;
  while (floor + shortest <= text.length) {
    const probe = floor + shortest - 1;
    if (!isPart(probe)) {
      floor = probe + 1;
      continue;
    }
    let from = probe;
    while (from > floor && isPart(from - 1)) from--;
    let to = probe + 1;
    while (to < text.length && isPart(to)) to++;
    if (to - from >= shortest) spansInRun(text, { from, to }, spans);
    floor = to + 1;
  }
  return spans;
}

const taxpayer = /^[0-9A-Z]{2}\d{6}[0-9A-Z]{10,12}$/;

function spansInRun(text: string, { from, to }: { from: number; to: number }, spans: Span[]): void {
  const length = to - from;
  if (length >= 18 && length <= 20) {
    const run = text.slice(from, to);
    if (taxpayer.test(run) && (run.match(/\d/g)?.length ?? 0) >= 10) {
      spans.push({ from, to, keepFirst: 4, keepLast: 4 });
      return;
    }
  }
  let start = from;
  while (start < to) {
    if (classOf[text.charCodeAt(start)] !== 1) {
      start++;
      continue;
    }
    let end = start + 1;
    while (end < to && classOf[text.charCodeAt(end)] === 1) end++;
    digitSpan(text, { from: start, to: end }, spans);
    start = end;
  }
}

/** Mobile numbers are 11 digits, or 13 with the country code; a number after a decimal point is a measurement. */
function digitSpan(text: string, { from, to }: { from: number; to: number }, spans: Span[]): void {
  const length = to - from;
  if (length === 20) spans.push({ from, to, keepFirst: 4, keepLast: 4 });
  if (length !== 11 && length !== 13) return;
  const start = length === 13 ? from + 2 : from;
  if (length === 13 && !text.startsWith('86', from)) return;
  const second = text.charCodeAt(start + 1);
  if (text.charCodeAt(start) !== 49 || second < 51 || second > 57 || text.charCodeAt(from - 1) === 46) return;
  spans.push({ from: start, to, keepFirst: 3, keepLast: 4 });
}

const secretKeys = ['token', 'password', 'passwd', 'pwd', 'secret'];
const bearer = /[Bb]earer(?: |%20|\+)/g;

function secretSpans(text: string): Span[] {
  const spans: Span[] = [];
  // A bearer token is long; "bearer of" in a sentence is not one.
  for (const match of text.matchAll(bearer)) secretSpan(text, { from: match.index + match[0].length, shortest: 16 }, spans);
  for (let equals = text.indexOf('='); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    const last = text.charCodeAt(equals - 1);
    if ((last === 110 || last === 100 || last === 116) && secretKeys.some((key) => text.endsWith(key, equals))) secretSpan(text, { from: equals + 1, shortest: 1 }, spans);
  }
  return spans;
}

function secretSpan(text: string, { from, shortest: least }: { from: number; shortest: number }, spans: Span[]): void {
  let to = from;
  while (to < text.length && isSecretPart(text.charCodeAt(to))) to++;
  if (to - from >= least) spans.push({ from, to, keepFirst: 0, keepLast: 0 });
}

/** Everything but blanks, quotes, `&`, `;`, `,` and control characters. */
const isSecretPart = (code: number): boolean => code > 32 && code !== 34 && code !== 38 && code !== 39 && code !== 59 && code !== 44;
