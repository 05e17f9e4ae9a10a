import { maskText } from './mask.ts';

/**
 * Masks lines of ASCII where they lie. A quick look at the bytes finds the few lines that could hold anything personal; what really
 * is, and how it is masked, decides `maskText`, and masks keep the length. Returns how many pieces were masked.
 */
export function maskBytes(bytes: Buffer): number {
  let count = 0;
  const searches = [nextNumber, nextSecret, nextBearer].map((find) => ({ find, at: find(bytes, 0) }));
  for (;;) {
    let suspect = -1;
    for (const { at } of searches) if (at >= 0 && (suspect < 0 || at < suspect)) suspect = at;
    if (suspect < 0) return count;
    const from = bytes.lastIndexOf(lineFeed, suspect) + 1;
    const feed = bytes.indexOf(lineFeed, suspect);
    const to = feed < 0 ? bytes.length : feed;
    const masked = maskText(bytes.toString('latin1', from, to));
    if (masked.count > 0) bytes.write(masked.text, from, 'latin1');
    count += masked.count;
    for (const search of searches) if (search.at >= 0 && search.at < to) search.at = search.find(bytes, to);
  }
}

const lineFeed = 10;

/** 1 digit, 2 letter, 0 anything else. */
const classOf = new Uint8Array(256);
for (let code = 48; code <= 57; code++) classOf[code] = 1;
for (let code = 65; code <= 90; code++) classOf[code] = 2;
for (let code = 97; code <= 122; code++) classOf[code] = 2;

const shortestRun = 11;
const fewestDigits = 10;

/** A run of letters and digits long enough, with digits enough, to be a number that means a person. */
function nextNumber(bytes: Buffer, start: number): number {
  let floor = start;
  while (floor + shortestRun <= bytes.length) {
    const probe = floor + shortestRun - 1;
    if (classOf[bytes[probe] as number] === 0) {
      floor = probe + 1;
      continue;
    }
    let from = probe;
    while (from > floor && classOf[bytes[from - 1] as number] !== 0) from--;
    let to = probe + 1;
    while (to < bytes.length && classOf[bytes[to] as number] !== 0) to++;
    if (to - from >= shortestRun) {
      let digits = 0;
      for (let index = from; index < to; index++) if (classOf[bytes[index] as number] === 1) digits++;
      if (digits >= fewestDigits) return from;
    }
    floor = to + 1;
  }
  return -1;
}

/** The `=` behind a name that ends as token, password, passwd, pwd or secret do. */
function nextSecret(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(61, start); at >= 0; at = bytes.indexOf(61, at + 1)) {
    const last = bytes[at - 1];
    const before = bytes[at - 2];
    if ((last === 110 && before === 101) || (last === 100 && (before === 114 || before === 119)) || (last === 116 && before === 101)) return at;
  }
  return -1;
}

const earer = Buffer.from('earer');

const nextBearer = (bytes: Buffer, start: number): number => bytes.indexOf(earer, start);
