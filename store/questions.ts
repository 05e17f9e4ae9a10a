import type { Telemetry } from './clickhouse.ts';
import type { Ask } from './questions-ask.ts';
import { checkRecords, failureKinds, phaseTimes, probeDays, probeMinutes, probeSpeeds, recentChecks } from './questions-checks.ts';
import { telemetryAsk, telemetrySql } from './questions-client.ts';
import { checkStates } from './questions-lines.ts';
import { logShapes } from './questions-log-patterns.ts';
import { loginClients, loginFailureRatio, loginFailures, loginFigures, loginReasons } from './questions-logins.ts';
import { alertMarks, logs, newest } from './questions-logs.ts';
import { availabilityNow, errorRatioNow, latencyNow, loginFailureNow } from './questions-readings.ts';
import {
  checkFailureRatio,
  checkHeatmap,
  checkLatency,
  errorRoutes,
  errorStatuses,
  requestErrorRatio,
  requestHeatmap,
  requestLatency,
  requestRate,
  routeFigures,
  slowRoutes,
} from './questions-requests.ts';
import { createSqlQuestion } from './questions-sql.ts';

/** Every question the console may ask of telemetry, over one connection whose default database is ours. */
export function createQuestions(telemetry: Telemetry) {
  const ask = telemetryAsk(telemetry);
  const bound =
    <Question, Answer>(question: (ask: Ask, asked: Question) => Promise<Answer>) =>
    (asked: Question): Promise<Answer> =>
      question(ask, asked);
  return {
    errorRatioNow: bound(errorRatioNow),
    latencyNow: bound(latencyNow),
    loginFailureNow: bound(loginFailureNow),
    availabilityNow: bound(availabilityNow),
    probeMinutes: bound(probeMinutes),
    probeDays: bound(probeDays),
    probeSpeeds: bound(probeSpeeds),
    recentChecks: bound(recentChecks),
    routeFigures: bound(routeFigures),
    loginFigures: bound(loginFigures),
    checkRecords: bound(checkRecords),
    phaseTimes: bound(phaseTimes),
    checkHeatmap: bound(checkHeatmap),
    checkLatency: bound(checkLatency),
    checkFailureRatio: bound(checkFailureRatio),
    checkStates: bound(checkStates),
    failureKinds: bound(failureKinds),
    requestLatency: bound(requestLatency),
    requestHeatmap: bound(requestHeatmap),
    requestErrorRatio: bound(requestErrorRatio),
    requestRate: bound(requestRate),
    slowRoutes: bound(slowRoutes),
    errorRoutes: bound(errorRoutes),
    errorStatuses: bound(errorStatuses),
    loginFailureRatio: bound(loginFailureRatio),
    loginFailures: bound(loginFailures),
    loginReasons: bound(loginReasons),
    loginClients: bound(loginClients),
    logs: bound(logs),
    logShapes: bound(logShapes),
    alertMarks: bound(alertMarks),
    newest: bound(newest),
    sql: createSqlQuestion(ask, telemetrySql(telemetry)),
  };
}
