import { compile, selectOne } from 'css-select';
import { DomHandler, DomUtils, Parser } from 'htmlparser2';
import { z } from 'zod';
import type { Answer, Assertion } from '#collector/probes/answer.ts';
import { comparisonShape, saysSomething, shortfall, shown } from '#collector/probes/compare.ts';

type Query = ReturnType<typeof compile>;

/** Names in XML keep their case, those in HTML do not. */
const readings = ['html', 'xml'] as const;
type Reading = (typeof readings)[number];

const selectorText = z
  .string()
  .min(1)
  .max(500)
  .transform((text, context): { text: string; queries: Record<Reading, Query> } => {
    try {
      return { text, queries: { html: compile(text, { xmlMode: false }), xml: compile(text, { xmlMode: true }) } };
    } catch (error) {
      context.addIssue({ code: 'custom', message: `"${text}" is not a selector: ${error instanceof Error ? error.message : String(error)}`, params: { hint: 'for example #result td.amount' } });
      return z.NEVER;
    }
  });

/** `{ selector: "td.amount", equals: "1280.00" }`, `{ selector: "a.help", attribute: href, contains: /help }`, `{ selector: .error, exists: false }`. */
export const selector = z
  .strictObject({ selector: selectorText, attribute: z.string().min(1).optional(), ...comparisonShape })
  .refine(saysSomething, { message: 'has nothing to compare with', params: { hint: 'for example equals: "1280.00" or exists: true' } })
  .transform(
    ({ selector: { text, queries }, attribute, ...expected }): Assertion => ({
      about: 'body',
      judge(answer) {
        const what = attribute === undefined ? text : `${text} @${attribute}`;
        let seen: string | undefined;
        try {
          seen = found(answer, { queries, attribute });
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          return { kind: 'assertion', reason: `${what}: nested too deep`, expected: what, got: 'nested too deep' };
        }
        const short = shortfall(seen, expected);
        return short === null ? null : { kind: 'assertion', reason: `${what} = ${shown(seen)}, ≠ ${short}`, expected: short, got: shown(seen) };
      },
    }),
  );

/** Deeper pages exist only to hurt their readers: the work grows with the square of the depth. */
const deepest = 1_000;

function parsed(text: string, reading: Reading): DomHandler['dom'] {
  const handler = new DomHandler();
  const { onopentag, onclosetag } = handler;
  let depth = 0;
  handler.onopentag = (name, attributes) => {
    if (++depth > deepest) throw new RangeError('nested too deep');
    onopentag.call(handler, name, attributes);
  };
  handler.onclosetag = () => {
    depth--;
    onclosetag.call(handler);
  };
  new Parser(handler, { xmlMode: reading === 'xml' }).end(text);
  return handler.dom;
}

/** The text of the first element, its white space drawn together, or one of its attributes; undefined when there is none. */
function found(answer: Answer, { queries, attribute }: { queries: Record<Reading, Query>; attribute: string | undefined }): string | undefined {
  const reading: Reading = /[/+]xml\b/i.test(answer.headers['content-type']?.replace(/xhtml\+xml/i, '') ?? '') || answer.body.trimStart().startsWith('<?xml') ? 'xml' : 'html';
  const element = selectOne(queries[reading], parsed(answer.body, reading), { xmlMode: reading === 'xml' });
  if (element === null) return undefined;
  if (attribute !== undefined) return 'attribs' in element && Object.hasOwn(element.attribs, attribute) ? element.attribs[attribute] : undefined;
  return DomUtils.textContent(element).replace(/\s+/g, ' ').trim();
}
