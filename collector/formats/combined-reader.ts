import { isPossible, type LogBlock, put64 } from '#collector/log-block.ts';
import { Words } from '#collector/words.ts';
import { clfBytesReader } from './clf-bytes.ts';
import { clfTimeLength } from './clf-time.ts';
import { type BlockOrigin, farAhead, type LineReader } from './line-reader.ts';
import type { Codes } from './request-record.ts';
import { RouteWords } from './route-words.ts';
import { TailBytes } from './tail-bytes.ts';

const blank = 32;
const quote = 34;
const dash = 45;
const backslash = 92;

/** `host ident user [time] "METHOD /target HTTP/x" status bytes "referer" "agent"` and what follows, the way nearly every line is written. */
export class CombinedReader implements LineReader {
  readonly #timeAt = clfBytesReader();
  readonly #routes: RouteWords;
  readonly #codes: Codes;
  readonly #tail = new TailBytes();
  #bytes: Buffer = Buffer.alloc(0);
  #block: LogBlock | undefined;
  #origin: BlockOrigin | undefined;
  #fixed = fixedWords(new Words());
  #service = 0;
  #source = 0;
  // Where the line being read and its pieces lie: fields, since an object made for each line would be garbage with the next.
  #from = 0;
  #to = 0;
  #request = 0;
  #hostEnd = 0;
  #userFrom = 0;
  #userEnd = 0;
  #methodEnd = 0;
  #pathEnd = 0;
  #targetEnd = 0;
  #requestEnd = 0;
  #refererFrom = 0;
  #refererEnd = 0;
  #agentEnd = 0;
  #time = 0;
  #status = 0;
  /** -1 when there is none. */
  #size = 0;
  #route = 0;

  constructor(routeFor: (path: string) => string, codes: Codes) {
    this.#routes = new RouteWords(routeFor);
    this.#codes = codes;
  }

  begin(bytes: Buffer, { block, origin }: { block: LogBlock; origin: BlockOrigin }): void {
    this.#bytes = bytes;
    this.#block = block;
    this.#origin = origin;
    if (this.#fixed.words !== block.words) this.#fixed = fixedWords(block.words);
    this.#service = block.words.idOf(origin.service);
    this.#source = block.words.idOf(origin.source);
    this.#routes.speakIn(block.words);
  }

  read(from: number, to: number): boolean {
    const request = this.#readStart(from, to);
    if (request < 0 || !this.#readRequest(request, to)) return false;
    const referer = this.#readFigures(this.#requestEnd + 1, to);
    if (referer < 0 || !this.#readQuoted(referer, to)) return false;
    if (!this.#tail.read(this.#bytes, this.#agentEnd + 1, to)) return false;
    this.#route = this.#routes.find(this.#bytes, this.#methodEnd + 1, this.#pathEnd);
    if (this.#route < 0) return false;
    this.#from = from;
    this.#to = to;
    this.#request = request;
    this.#write(this.#block as LogBlock);
    return true;
  }

  /** Up to the first quote; returns where the request begins, or -1. */
  #readStart(from: number, to: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (at < to && bytes[at] !== blank) at++;
    this.#hostEnd = at;
    if (at === from) return -1;
    const ident = ++at;
    while (at < to && bytes[at] !== blank) at++;
    // A longer second word may be an address, with a host name before it.
    if (at === ident || at - ident > 3 || bytes[ident] === 91 || bytes[at + 1] === 91) return -1;
    this.#userFrom = ++at;
    while (at < to && !(bytes[at] === blank && bytes[at + 1] === 91)) at++;
    this.#userEnd = at;
    const time = at + 2;
    const request = time + clfTimeLength + 3;
    if (request >= to || at === this.#userFrom || bytes[request - 3] !== 93 || bytes[request - 2] !== blank || bytes[request - 1] !== quote) return -1;
    this.#time = this.#timeAt(bytes, time);
    const { observedAt } = this.#origin as BlockOrigin;
    return isPossible(this.#time) && this.#time <= observedAt + farAhead ? request : -1;
  }

  #readRequest(from: number, to: number): boolean {
    const bytes = this.#bytes;
    let at = from;
    for (let code = bytes[at] as number; (code >= 65 && code <= 90) || code === dash || code === 95; code = bytes[at] as number) at++;
    this.#methodEnd = at;
    if (at === from || at - from > 20 || bytes[at] !== blank || bytes[at + 1] !== 47) return false;
    this.#pathEnd = 0;
    for (at++; at < to; at++) {
      const code = bytes[at];
      if (code === blank || code === quote) break;
      if (code === 63 && this.#pathEnd === 0) this.#pathEnd = at;
    }
    this.#targetEnd = at;
    if (this.#pathEnd === 0) this.#pathEnd = at;
    if (bytes[at] !== blank || bytes[at + 1] !== 72 || bytes[at + 2] !== 84 || bytes[at + 3] !== 84 || bytes[at + 4] !== 80 || bytes[at + 5] !== 47) return false;
    at += 6;
    while (at < to && bytes[at] !== quote && bytes[at] !== blank) at++;
    this.#requestEnd = at;
    return bytes[at] === quote && bytes[at - 1] !== backslash;
  }

  /** ` status bytes "`; returns where the referer begins, or -1. */
  #readFigures(from: number, to: number): number {
    const bytes = this.#bytes;
    const a = (bytes[from + 1] as number) - 48;
    const b = (bytes[from + 2] as number) - 48;
    const c = (bytes[from + 3] as number) - 48;
    if (bytes[from] !== blank || bytes[from + 4] !== blank || a < 1 || a > 9 || b < 0 || b > 9 || c < 0 || c > 9) return -1;
    this.#status = a * 100 + b * 10 + c;
    let at = from + 5;
    const first = at;
    this.#size = -1;
    if (bytes[at] === dash) at++;
    else {
      let size = 0;
      for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9; digit = (bytes[at] as number) - 48) {
        size = size * 10 + digit;
        at++;
      }
      if (at === first || at - first > 15) return -1;
      this.#size = size;
    }
    return at + 2 < to && bytes[at] === blank && bytes[at + 1] === quote ? at + 2 : -1;
  }

  #readQuoted(from: number, to: number): boolean {
    const bytes = this.#bytes;
    this.#refererFrom = from;
    let at = from;
    while (at < to && bytes[at] !== quote) at++;
    if (at + 3 > to || (at > from && bytes[at - 1] === backslash) || bytes[at + 1] !== blank || bytes[at + 2] !== quote) return false;
    this.#refererEnd = at;
    const agentEnd = bytes.indexOf(quote, at + 3);
    this.#agentEnd = agentEnd;
    return agentEnd >= 0 && agentEnd < to && bytes[agentEnd - 1] !== backslash;
  }

  #write(block: LogBlock): void {
    const bytes = this.#bytes;
    const from = this.#from;
    const { words, ids } = block;
    const fixed = this.#fixed;
    const row = block.newRow();
    put64(block.at, row, this.#time);
    put64(block.observed, row, (this.#origin as BlockOrigin).observedAt);
    block.body.pushBytes(bytes, from, this.#to);
    block.path.pushBytes(bytes, this.#methodEnd + 1, this.#pathEnd);
    block.client.pushBytes(bytes, from, this.#hostEnd);
    if (this.#userEnd === this.#userFrom + 1 && bytes[this.#userFrom] === dash) block.user.pushEmpty();
    else block.user.pushBytes(bytes, this.#userFrom, this.#userEnd);
    ids.service[row] = this.#service;
    ids.source[row] = this.#source;
    ids.method[row] = words.idAt(bytes, this.#request, this.#methodEnd);
    ids.route[row] = this.#route;
    const agent = this.#refererEnd + 3;
    if (this.#agentEnd !== agent + 1 || bytes[agent] !== dash) ids.userAgent[row] = words.idAt(bytes, agent, this.#agentEnd);
    if (this.#size < 0) block.unsized[row] = 1;
    else put64(block.size, row, this.#size);
    const { seconds } = this.#tail;
    if (seconds < 0) block.untimed[row] = 1;
    else block.seconds[row] = seconds;
    this.#writePairs(block);
    this.#judge(block, row, fixed);
    block.pairEnds[row] = block.pairs;
  }

  #writePairs(block: LogBlock): void {
    const bytes = this.#bytes;
    const { query, version, referer, code } = this.#fixed;
    if (this.#pathEnd < this.#targetEnd) {
      block.newPair(query);
      block.values.pushBytes(bytes, this.#pathEnd + 1, this.#targetEnd);
    }
    block.newPair(version);
    block.values.pushBytes(bytes, this.#targetEnd + 6, this.#requestEnd);
    if (this.#refererEnd !== this.#refererFrom + 1 || bytes[this.#refererFrom] !== dash) {
      block.newPair(referer);
      block.values.pushBytes(bytes, this.#refererFrom, this.#refererEnd);
    }
    if (this.#tail.codeFrom >= 0) {
      block.newPair(code);
      block.values.pushBytes(bytes, this.#tail.codeFrom, this.#tail.codeEnd);
    }
  }

  #judge(block: LogBlock, row: number, fixed: FixedWords): void {
    const { status, severity, ids, words } = block;
    const { codeFrom, codeEnd } = this.#tail;
    const { success, user } = this.#codes;
    const code = codeFrom < 0 || (!success && !user) ? undefined : this.#bytes.toString('latin1', codeFrom, codeEnd);
    const failed = this.#status >= 500;
    const users = code !== undefined && user?.has(code) === true;
    const refused = code !== undefined && !users && success?.has(code) === false;
    status[row] = this.#status;
    severity[row] = failed ? 17 : this.#status >= 400 ? 13 : 9;
    ids.severityText[row] = failed ? fixed.error : this.#status >= 400 ? fixed.warn : fixed.info;
    ids.outcome[row] = failed || refused ? fixed.failed : fixed.ok;
    if (failed) ids.errorType[row] = words.idOf(String(this.#status));
    else if (refused) ids.errorType[row] = fixed.business;
    if (failed || refused) block.addPair(fixed.side, 'platform');
    else if (users || this.#status >= 400) block.addPair(fixed.side, 'user');
  }
}

type FixedWords = ReturnType<typeof fixedWords>;

const fixedWords = (words: Words) => ({
  words,
  query: words.idOf('url.query'),
  version: words.idOf('network.protocol.version'),
  referer: words.idOf('http.request.header.referer'),
  code: words.idOf('app.code'),
  side: words.idOf('error.side'),
  info: words.idOf('INFO'),
  warn: words.idOf('WARN'),
  error: words.idOf('ERROR'),
  ok: words.idOf('ok'),
  failed: words.idOf('error'),
  business: words.idOf('business'),
});
