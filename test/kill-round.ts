/** One round of breaking or mending under a kill, and the judgement of everything afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './instance.ts';
import type { Kill, KillSite, Place } from './kill-site.ts';
import { type RowTruths, rowTruths } from './row-truths.ts';

export interface Finding {
  good: boolean;
  text: string;
}

export interface Round {
  what: Kill;
  number: number;
  /** From breaking or mending the target to the kill. */
  waitMs: number;
  /** From a burst of lines to the kill. */
  burstMs: number;
}

const burstLines = 5_000;

/** Breaks the target in odd rounds and mends it in even ones, kills, and answers what must hold right after. */
export async function killRound(site: KillSite, { what, number, waitMs, burstMs }: Round): Promise<Finding[]> {
  const breaking = number % 2 === 1;
  const mailed = () => site.mails()[breaking ? 'firing' : 'ended'].length;
  const mailsBefore = mailed();
  const brokeAt = Date.now();
  site.target.broken = breaking;
  await sleep(waitMs);
  const label = `kill-note-${what}${number}`;
  const before = await site.place();
  // Answered before the kill: from then on it is a promise.
  if (before) await site.note(label);
  site.burst(burstLines);
  await sleep(burstMs);
  const readyMs = await site.kill(what);
  await until(breaking ? 'the mail that it fires' : 'the mail that it ended', async () => mailed() > mailsBefore, 90_000);
  const toldMs = Date.now() - brokeAt;
  const now = await until('an open incident', () => site.place());
  if (before === null) await site.walkOneStep();
  const head = `${what} ${number}: killed ${waitMs} ms after it ${breaking ? 'broke' : 'was mended'}, ${burstMs} ms after a burst, both stores answer after ${readyMs} ms, told after ${toldMs} ms`;
  const findings = [{ good: true, text: head }, ...(before ? [kept(before, now, label)] : [])];
  // A mail too many would come with one of the next ticks of the group.
  await sleep(3_000);
  return [...findings, { good: mailed() === mailsBefore + 1, text: `${mailed() - mailsBefore} mail for it` }];
}

function kept(before: Place, now: Place, label: string): Finding {
  const missing = before.closed.filter((step) => !now.closed.includes(step));
  const notes = now.notes.filter((note) => note === label).length;
  return {
    good: now.id === before.id && now.step === before.step && missing.length === 0 && notes === 1,
    text: `the incident is the same, step ${before.step} → ${now.step}, ${before.closed.length} closed steps ${missing.length === 0 ? 'as they were' : `changed: ${missing.join(', ')}`}, the last note stands ${notes} times`,
  };
}

/** No row lost or doubled anywhere, no mail missing or too many, every chain whole. */
export async function judgeSite(site: KillSite, { episodes, treeKills }: { episodes: number; treeKills: number }): Promise<Finding[]> {
  await site.quiet();
  const answered = site.target.answered;
  const look = () => rowTruths(site.ask, answered.lastAt);
  const settled = async () => {
    const found = await look();
    return found.logs >= site.written() && found.looks > found.looksUntil && found.firings >= episodes && found.deliveries >= episodes * 2 ? found : undefined;
  };
  const truths = await until('every line stored', settled, 60_000).catch(look);
  const { firing, ended, again } = site.mails();
  const chains = await site.verify();
  return [
    ...judgeRows(truths, site.written()),
    judgeLooks(truths, { answered: answered.count, treeKills }),
    {
      good: truths.firings === episodes && truths.distinctTransitions === truths.transitions,
      text: `${truths.transitions} alert transitions copied, ${truths.distinctTransitions} different, ${truths.firings} of them firing`,
    },
    { good: truths.deliveries === truths.distinctDeliveries && truths.deliveries >= episodes * 2, text: `${truths.deliveries} deliveries copied, ${truths.distinctDeliveries} different` },
    {
      good: firing.length === episodes && ended.length === episodes,
      text: `${episodes} episodes: ${firing.length} mails that it fires, ${ended.length} that it ended; ${again} sent again with the same Message-ID`,
    },
    { good: ended.every((mail) => mail.references.some((id) => firing.some(({ messageId }) => messageId === id))), text: 'every end stands in the thread of its beginning' },
    { good: chains.ok, text: `verify: ${chains.text}` },
  ];
}

function judgeRows(truths: RowTruths, written: number): Finding[] {
  const all = (totals: number[], wanted: number) => totals.every((total) => total === wanted);
  return [
    { good: truths.logs === written && truths.distinctPaths === written, text: `${written} lines written, ${truths.logs} rows, ${truths.distinctPaths} different ones` },
    { good: all(truths.requestRollups, truths.logs), text: `requests in the rollups of 10 s, 1 min, 1 h: ${truths.requestRollups.join(', ')}` },
    { good: all(truths.requestHistograms, truths.logs), text: `requests in their histograms: ${truths.requestHistograms.join(', ')}` },
    { good: all(truths.checkRollups, truths.checks), text: `${truths.checks} scheduled checks; in the rollups ${truths.checkRollups.join(', ')}` },
    { good: all(truths.checkHistograms, truths.timedChecks), text: `${truths.timedChecks} checks with a time; in the histograms ${truths.checkHistograms.join(', ')}` },
  ];
}

/** What the target answered is what was looked at; when the looking process itself dies, what it had under way and had not yet put on disk may be missing. */
function judgeLooks({ looksUntil, looks, distinctLooks }: RowTruths, { answered, treeKills }: { answered: number; treeKills: number }): Finding {
  const missing = answered - looksUntil;
  const good = looks === distinctLooks && missing >= 0 && missing <= treeKills * 2;
  return { good, text: `the target answered ${answered} looks, ${looksUntil} of them stored (${treeKills} kills of the collector itself); ${looks} looks in all, ${distinctLooks} different` };
}
