import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './instance.ts';
import { processTree } from './process-tree.ts';
import { findPrometheus, type Prometheus, startPrometheus } from './prometheus.ts';
import { openWireSite, type WireSite } from './wire-site.ts';

/** Prometheus sends to a started product and is looked at by it; what it says of itself is what is kept. */

const ports = { console: 19_010, prometheus: 19_018 };
/** An engine that was stopped may have to be started anew first. */
const patienceMs = 100_000;
const found = findPrometheus();
if ('missing' in found) process.stderr.write(`SKIPPED: nothing here was tried with a real Prometheus. ${found.missing}\n`);
const isThere = 'program' in found;

const page = `# TYPE made_value gauge
made_value{kind="one"} 1.5
made_value{kind="tiny"} 5e-324
made_value{kind="nan"} NaN
made_value{kind="up"} +Inf
made_value{kind="down"} -Inf
made_value{kind="path",path="C:\\\\发票 \\"a\\"\\n"} -7
`;

/** Between the two: counts what was answered, and loses an answer when told to. */
interface Gate {
  port: number;
  statuses: Record<number, number>;
  retryAfter: string | null;
  loseNext: boolean;
  lost: number;
}

let site: WireSite;
let prometheus: Prometheus;
let gate: Gate;
const servers: Server[] = [];

async function serve(listener: Parameters<typeof createServer>[1]): Promise<{ server: Server; port: number }> {
  const server = createServer(listener ?? (() => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { server, port: (server.address() as { port: number }).port };
}

async function openGate(): Promise<Gate> {
  const made: Gate = { port: 0, statuses: {}, retryAfter: null, loseNext: false, lost: 0 };
  const { port } = await serve(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { host: _, connection: __, 'content-length': ___, 'transfer-encoding': ____, ...headers } = request.headers;
    const answer = await fetch(`${site.url}${request.url}`, { method: 'POST', headers: headers as Record<string, string>, body: Buffer.concat(parts) }).catch(() => null);
    if (!answer) return response.destroy();
    made.statuses[answer.status] = (made.statuses[answer.status] ?? 0) + 1;
    if (answer.status === 503) made.retryAfter = answer.headers.get('retry-after');
    if (made.loseNext && answer.status === 204) {
      made.loseNext = false;
      made.lost++;
      return response.destroy();
    }
    return response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  return Object.assign(made, { port });
}

const prometheusConfig = (made: number): string => `global: { scrape_interval: 2s, scrape_timeout: 2s, external_labels: { sent_by: prometheus } }
scrape_configs:
  - { job_name: fenghuo, static_configs: [ { targets: ["127.0.0.1:${ports.console}"] } ] }
  - { job_name: self, static_configs: [ { targets: ["127.0.0.1:${ports.prometheus}"] } ] }
  - { job_name: made, static_configs: [ { targets: ["127.0.0.1:${made}"] } ] }
remote_write:
  - url: http://127.0.0.1:${gate.port}/api/v1/write
    authorization: { credentials: ${site.token} }
    queue_config: { batch_send_deadline: 500ms, min_backoff: 100ms, max_backoff: 500ms }
`;

let madeServer: Server;
beforeAll(async () => {
  if (!('program' in found)) return;
  site = await openWireSite(ports.console, {
    sources: `  - { id: prometheus, kind: scrape, service: web, targets: ["127.0.0.1:${ports.prometheus}"], interval: 2s }\n`,
    sections: 'spool: { max_megabytes: 10 }\nrules: [ { alert: InstanceDown, kind: threshold, metric: up, agg: last, window: 5m, by: [job], below: 1, where: { service: web }, interval: 1s } ]\n',
  });
  gate = await openGate();
  const made = await serve((_, response) => response.end(page));
  madeServer = made.server;
  prometheus = await startPrometheus({ program: found.program, home: site.home, port: ports.prometheus, config: prometheusConfig(made.port) });
}, 200_000);
afterAll(async () => {
  await prometheus?.stop();
  for (const server of servers) server.closeAllConnections();
  if (site) expect(await site.stop()).toBe(0);
  for (const server of servers) server.close();
});

const staleBits = '9218868437227405314';
const sent = "labels['sent_by'] = 'prometheus'";
const asWritten = (value: number | string): string => ({ nan: 'NaN', inf: '+Inf', '-inf': '-Inf' })[String(value)] ?? String(Number(value));
const kept = async (where: string): Promise<number> =>
  Number((await site.rows<{ n: string }>(`SELECT toString(count()) AS n FROM samples WHERE ${where} AND reinterpretAsUInt64(value) != ${staleBits}`))[0]?.n);

/** A moment whose scrapes are over: Prometheus has a scrape's samples when it ends, with the time it began. */
const settled = (): number => Date.now() - 4_000;

/** Everything Prometheus has up to a moment is there, and nothing more. */
async function agrees(at: number): Promise<number> {
  const theirs = (await prometheus.query('{job=~".+"}[1h]', at)).reduce((sum, { values = [] }) => sum + values.length, 0);
  const upTo = `${sent} AND at <= fromUnixTimestamp64Milli(${at})`;
  await until(`${theirs} samples (${JSON.stringify(gate.statuses)})`, async () => (await kept(upTo)) >= theirs, patienceMs);
  expect(await kept(upTo)).toBe(theirs);
  return theirs;
}

describe.skipIf(!isThere)('Prometheus', { timeout: 240_000 }, () => {
  it('what it sends is kept: as many samples, each with its value to the last bit', async () => {
    await until('some scrapes', async () => ((await prometheus.query('made_value[1h]'))[0]?.values?.length ?? 0) >= 6);
    const at = settled();
    expect(await agrees(at)).toBeGreaterThan(500);
    for (const { metric, values = [] } of await prometheus.query('{__name__=~"made_value|up|go_gc_duration_seconds|process_resident_memory_bytes"}[1h]', at)) {
      const { __name__: name = '', ...labels } = metric;
      const ours = await site.rows<{ ms: string; value: number; labels: Record<string, string> }>(
        `SELECT toString(toUnixTimestamp64Milli(at)) AS ms, value, labels FROM samples WHERE metric = '${name}' AND at <= fromUnixTimestamp64Milli(${at}) AND ${Object.entries({
          ...labels,
          sent_by: 'prometheus',
        })
          .map(([label, value]) => `labels['${label}'] = '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`)
          .join(' AND ')} AND length(labels) = ${Object.keys(labels).length + 1} ORDER BY at`,
      );
      expect(ours.map((row) => [Number(row.ms), asWritten(row.value)])).toEqual(
        values.map(([seconds, value]) => [Math.round(seconds * 1_000), asWritten(value === '+Inf' ? 'inf' : value === '-Inf' ? '-inf' : value === 'NaN' ? 'nan' : value)]),
      );
    }
  });

  it('an answer that gets lost costs nothing and brings nothing in twice', async () => {
    gate.loseNext = true;
    await until('an answer to be lost', async () => gate.lost === 1);
    const sources = async () => (await site.ask('/api/v1/sources')).sources as { id: string; kind: string; duplicates: number; events: number; dropped: number; lastError: string | null }[];
    const mine = await until('the repetition', async () => (await sources()).find(({ id, duplicates }) => id === 'remote-write' && duplicates === 1));
    expect(mine).toMatchObject({ kind: 'remote-write', dropped: 0, lastError: null });
    await agrees(settled());
  });

  it('while nothing can be kept it is told to come back, and afterwards everything is there', async () => {
    const engine = processTree(site.pid).find(({ command }) => /embedded\/child\.ts/.test(command))?.pid ?? 0;
    process.kill(engine, 'SIGSTOP');
    let round = 0;
    // Each body another one: what comes again is kept once.
    const body = (): string =>
      JSON.stringify({
        resourceLogs: [
          { scopeLogs: [{ logRecords: Array.from({ length: 1_000 }, (_, index) => ({ timeUnixNano: `${Date.now()}000000`, body: { stringValue: `${round} ${index} ${'x'.repeat(900)}` } })) }] },
        ],
      });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${site.token}` };
    // Filled again and again until Prometheus has met it: an engine that does not answer is started anew, and then empties it.
    const fill = async (): Promise<number> => {
      round++;
      return (await fetch(`${site.url}/v1/logs`, { method: 'POST', headers, body: body() })).status;
    };
    await until('503 to remote write', async () => (await fill()) === 503 && (gate.statuses[503] ?? 0) > 0, patienceMs);
    expect(gate.retryAfter).toBe('5');
    if (processTree(site.pid).some(({ pid }) => pid === engine)) process.kill(engine, 'SIGCONT');
    const answered = gate.statuses[204] ?? 0;
    await until('204 again', async () => (gate.statuses[204] ?? 0) > answered + 2, patienceMs);
    await agrees(settled());
    const [failed] = await prometheus.query('sum(prometheus_remote_storage_samples_failed_total) + sum(prometheus_remote_storage_samples_dropped_total)');
    expect(failed?.value?.[1]).toBe('0');
    expect(Object.keys(gate.statuses).sort()).toEqual(['204', '503']);
  });

  it('a target that dies has ended: the marker of that is kept as it came', async () => {
    madeServer.closeAllConnections();
    madeServer.close();
    const newest = `SELECT series, argMax(reinterpretAsUInt64(value), at) AS newest FROM samples WHERE metric = 'made_value' AND ${sent} GROUP BY series`;
    const ended = async () => (await site.rows<{ n: string }>(`SELECT toString(count()) AS n FROM (${newest}) WHERE newest = ${staleBits}`))[0]?.n;
    await until('the ends of six series', async () => (await ended()) === '6', patienceMs);
    await agrees(settled());
  });
});

describe.skipIf(!isThere)('the scrape of it', () => {
  const series = (labels: Record<string, string>): string =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([name]) => !['job', 'instance', 'service'].includes(name))
        .sort(),
    );

  it('shows the series it shows itself, and their values', async () => {
    const own = /^(up|scrape_.*)$/;
    const theirs = async () => new Set((await prometheus.series('{job="self"}')).filter(({ __name__: name = '' }) => !own.test(name)).map(series));
    const ours = async () =>
      new Set(
        (await site.rows<{ metric: string; labels: Record<string, string> }>("SELECT DISTINCT metric, labels FROM samples WHERE labels['job'] = 'prometheus'"))
          .filter(({ metric }) => !own.test(metric))
          .map(({ metric, labels }) => series({ ...labels, __name__: metric })),
      );
    await until('the same series', async () => {
      const [mine, its] = [await ours(), await theirs()];
      return its.size > 300 && mine.size === its.size && [...its].every((one) => mine.has(one));
    });
    const [started] = await prometheus.query('process_start_time_seconds{job="self"}');
    const rows = await site.rows<{ value: number }>("SELECT DISTINCT value FROM samples WHERE metric = 'process_start_time_seconds' AND labels['job'] = 'prometheus' AND NOT isNaN(value)");
    expect(rows).toEqual([{ value: Number(started?.value?.[1]) }]);
  });

  it('each look counts what it brought, and the sources page says so', async () => {
    const own = "metric IN ('up', 'scrape_duration_seconds', 'scrape_samples_scraped')";
    const looks = `SELECT toString(countIf(NOT ${own} AND reinterpretAsUInt64(value) != ${staleBits})) AS brought, toString(maxIf(value, metric = 'scrape_samples_scraped')) AS counted FROM samples WHERE labels['job'] = 'prometheus' GROUP BY at`;
    const rows = await site.rows<{ brought: string; counted: string }>(looks);
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter(({ brought, counted }) => brought !== counted)).toEqual([]);
    const health = (await site.ask('/api/v1/sources')).sources as { id: string; events: number; malformed: number; open: number }[];
    expect(health.find(({ id }) => id === 'prometheus')).toMatchObject({ kind: 'scrape', open: 1, malformed: 0 });
  });

  it('when it is gone: up is 0, its series have ended, and somebody hears of it', async () => {
    await prometheus.stop();
    const last = async (metric: string) =>
      (
        await site.rows<{ bits: string; newest: number }>(
          `SELECT argMax(toString(reinterpretAsUInt64(value)), at) AS bits, argMax(value, at) AS newest FROM samples WHERE metric = '${metric}' AND labels['job'] = 'prometheus'`,
        )
      )[0];
    await until('up to be 0', async () => (await last('up'))?.newest === 0);
    expect((await last('process_start_time_seconds'))?.bits).toBe(staleBits);
    const firing = await until('the alert', async () =>
      ((await site.ask('/api/v1/alerts')).alerts as { state: string; labels: Record<string, string> }[]).find(({ labels }) => labels.alertname === 'InstanceDown'),
    );
    expect(firing.labels).toMatchObject({ job: 'prometheus' });
    const health = (await site.ask('/api/v1/sources')).sources as { id: string; open: number; lastError: string }[];
    expect(health.find(({ id }) => id === 'prometheus')).toMatchObject({ open: 0, lastError: `${prometheus.address}: TCP: ECONNREFUSED` });
  });
});
