import { z } from 'zod';
import { timeReader } from '#collector/formats/time.ts';
import { zoneReader } from '#collector/formats/zone.ts';
import { type Assertion, notJson } from '#collector/probes/answer.ts';
import { shown } from '#collector/probes/compare.ts';
import { allAtJsonPath, jsonPathText } from '#collector/probes/json-path.ts';
import { durationText, zoneText } from '#lib/schema.ts';
import { durationMs, formatDuration, unixMs } from '#lib/time.ts';

/** `{ fresh: "$.items[*].issuedAt", within: 30m }`: the newest time at the path is no older; times without a zone are of `zone`. */
export const fresh = z.strictObject({ fresh: jsonPathText, within: durationText, zone: zoneText.default('UTC') }).transform(({ fresh: { text, path }, within, zone }): Assertion => {
  const read = timeReader({ order: 'ymd', toInstant: zoneReader(zone) });
  const expected = `${text} ≤ ${formatDuration(within)}`;
  return {
    about: 'record',
    judge(answer) {
      const body = answer.json();
      if (body === undefined) return notJson(answer);
      const values = allAtJsonPath(body, path).filter((value) => value !== null);
      if (values.length === 0) return { kind: 'missing', reason: `${text} = ∅`, expected, got: '∅' };
      const times = values.flatMap((value) => read(String(value)) ?? []);
      if (times.length === 0) return { kind: 'assertion', reason: `${text} = ${shown(values[0])}, no time`, expected, got: shown(values[0]) };
      const newest = times.reduce((latest, time) => unixMs(Math.max(latest, time)));
      const age = answer.at - newest;
      if (age <= within) return null;
      const got = formatDuration(durationMs(Math.round(age / 1000) * 1000));
      return { kind: 'missing', reason: `${text}: ${got} > ${formatDuration(within)}`, expected, got, evidence: { newest: new Date(newest).toISOString() } };
    },
  };
});
