/** Whether every numbered line is in the store once, and in every bucket of every rollup; what is not is told apart. */
import { setTimeout as sleep } from 'node:timers/promises';

type Query = (sql: string) => Promise<Record<string, unknown>[]>;

const number = `toUInt32OrZero(extract(body, '/item/([0-9]+) HTTP/1.1" [25]00 512 "-" "torture" rt='))`;
const steps = { '10s': 'toStartOfInterval(timestamp, INTERVAL 10 SECOND)', '1m': 'toStartOfMinute(timestamp)', '1h': 'toStartOfHour(timestamp)' };

export async function judge(query: Query, total: number): Promise<boolean> {
  await quiet(query);
  const [found = {}] = await query(`SELECT count() AS rows, groupBitmap(${number}) AS different, max(${number}) AS last, countIf(status = 500) AS errors FROM logs`);
  const rollups = await Promise.all(Object.entries(steps).map(async ([step, bucket]) => ({ step, ...(await compare(query, step, bucket)) })));
  const errors = Math.ceil(total / 50);
  const whole = Number(found.rows) === total && Number(found.different) === total && Number(found.last) === total - 1 && Number(found.errors) === errors;
  const good = whole && rollups.every(({ total: sum, errors: failed, differing }) => sum === total && failed === errors && differing === 0);
  console.log(`${good ? 'ok  ' : 'FAIL'} ${total} lines with ${errors} errors written, in the store ${JSON.stringify(found)}`);
  for (const rollup of rollups) console.log(`     rollup ${JSON.stringify(rollup)}`);
  if (!good) await tellApart(query, total);
  return good;
}

/** Until nothing has come for a while: fewer are lost, more are doubled. */
async function quiet(query: Query): Promise<void> {
  let before = -1;
  for (let still = 0; still < 8; ) {
    const rows = Number((await query('SELECT count() AS n FROM logs'))[0]?.n);
    still = rows === before ? still + 1 : 0;
    before = rows;
    await sleep(3_000);
  }
}

async function compare(query: Query, step: string, bucket: string): Promise<{ total: number; errors: number; differing: number }> {
  const [sums = {}] = await query(`SELECT sum(total) AS total, sum(errors) AS errors FROM request_${step}`);
  const [found = {}] = await query(
    `SELECT count() AS differing FROM (SELECT bucket, sum(a) AS raw, sum(b) AS rolled FROM (SELECT toDateTime(${bucket}, 'UTC') AS bucket, count() AS a, 0 AS b FROM logs WHERE status > 0 GROUP BY bucket UNION ALL SELECT toDateTime(bucket, 'UTC') AS bucket, 0 AS a, sum(total) AS b FROM request_${step} GROUP BY bucket) GROUP BY bucket HAVING raw != rolled)`,
  );
  return { total: Number(sums.total), errors: Number(sums.errors), differing: Number(found.differing) };
}

const piece = 250_000;

async function tellApart(query: Query, total: number): Promise<void> {
  const tell = async (what: string, sql: string): Promise<void> => {
    const rows = await query(sql);
    if (rows.length > 0) console.log(what, rows);
  };
  // The moment of reading tells lines read twice from lines sent twice.
  // In pieces: one question about all of them would meet the limits of questions.
  for (let from = 0; from < total; from += piece) {
    const within = `WHERE ${number} >= ${from} AND ${number} < ${from + piece}`;
    await tell(
      `twice, from ${from}:`,
      `SELECT moments, count() AS numbers, min(number) AS first, max(number) AS last FROM (SELECT ${number} AS number, groupUniqArray(observed) AS moments FROM logs ${within} GROUP BY number HAVING count() > 1) GROUP BY moments LIMIT 20`,
    );
  }
  await tell('no whole line:', `SELECT body, observed FROM logs WHERE ${number} = 0 AND NOT startsWith(body, '192.0.2.0 ') LIMIT 10`);
  await tell(
    'not a thousand:',
    `SELECT intDiv(${number}, 1000) AS thousand, count() AS lines, uniqExact(${number}) AS different FROM logs GROUP BY thousand HAVING lines != 1000 OR different != 1000 ORDER BY thousand LIMIT 20`,
  );
}
