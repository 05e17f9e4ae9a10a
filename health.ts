import type { SourceHealth } from '#collector/sources/source.ts';
import type { HealthSource } from '#console/api/ports.ts';
import type { Bilingual } from '#lib/text.ts';
import type { Telemetry } from '#store/clickhouse.ts';
import type { State } from '#store/state.ts';
import type { TelemetryWriter } from '#store/telemetry-writer.ts';
import type { Collecting } from './collecting.ts';
import type { Responding } from './responding.ts';

export interface HealthParts {
  telemetry: Telemetry;
  state: State;
  writer: TelemetryWriter;
  collecting: Collecting | null;
  responding: Responding;
}

/** What the parts say of themselves, for the settings page, `/metrics` and `/readyz`. */
export function healthOf({ telemetry, state, writer, collecting, responding }: HealthParts): HealthSource {
  const { alerts, runbooks, notices } = responding;
  return {
    loops: () => [...(collecting ? [collecting.collector.health(), collecting.shipper.health()] : []), ...alerts.health(), ...runbooks.health(), ...notices.health()],
    sources: () => (collecting ? [...collecting.sources().health(), ...handedIn(collecting)] : []),
    spool: () => collecting?.spool.health() ?? null,
    letters: async (limit) => (await collecting?.spool.letters(limit)) ?? [],
    counters() {
      const spool = collecting?.spool.health();
      const counter = (name: string, value: number, help: Bilingual) => ({ name, value, help });
      return [
        counter('telemetry_inserts_waiting', writer.backlog(), { 'zh-CN': '等待写入的批次', en: 'batches waiting for the telemetry store' }),
        counter('alert_rules_failing', alerts.ruleErrors().size, { 'zh-CN': '无法评估的规则', en: 'rules that could not look the last time' }),
        counter('alert_rows_pruned_total', alerts.pruned(), { 'zh-CN': '已清理的旧告警记录（90 天以前）', en: 'rows of old alerts taken out (over 90 days)' }),
        ...(spool
          ? [
              counter('spool_records', spool.records, { 'zh-CN': '缓冲中的批次', en: 'batches in the spool' }),
              counter('spool_rows', spool.rows, { 'zh-CN': '缓冲中的行', en: 'rows in the spool' }),
              counter('spool_bytes', spool.bytes, { 'zh-CN': '缓冲占用字节', en: 'bytes the spool takes' }),
              counter('spool_dropped_rows', spool.droppedRows, { 'zh-CN': '缓冲满而丢弃的行', en: 'rows dropped because the spool was full' }),
              counter('spool_set_aside_rows', spool.setAsideRows, { 'zh-CN': '存储拒收而搁置的行', en: 'rows the store refused, set aside' }),
              counter('spool_unreadable_bytes', spool.lostBytes, { 'zh-CN': '崩溃后无法读取的字节', en: 'bytes unreadable after a crash' }),
            ]
          : []),
      ];
    },
    async unready() {
      const [telemetryOk, stateOk] = await Promise.all([
        telemetry.isReachable().catch(() => false),
        state.pool.query('select 1').then(
          () => true,
          () => false,
        ),
      ]);
      return [
        ...(telemetryOk ? [] : [{ part: 'telemetry', reason: 'ClickHouse does not answer' }]),
        ...(stateOk ? [] : [{ part: 'state', reason: 'Postgres does not answer' }]),
        ...(collecting?.spool.health().full ? [{ part: 'spool', reason: 'the spool is full: telemetry cannot be stored as fast as it comes' }] : []),
      ];
    },
  };
}

/** What comes by a protocol is a source of its own once something came. */
function handedIn({ otlp, loki, remoteWrite }: Collecting): SourceHealth[] {
  return [otlp.health(), loki.health(), remoteWrite.health()].filter((health) => health.lines > 0 || health.lastError !== null);
}
