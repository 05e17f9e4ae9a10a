/** The short form of `kill-rounds.ts`: one kill of each kind in the middle of load, and everything is still there once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finding, judgeSite, killRound, type Round } from './kill-round.ts';
import { type KillSite, openKillSite } from './kill-site.ts';

/** Broken, mended and broken again; the last mending happens undisturbed. */
const rounds: Round[] = [
  { what: 'engine', number: 1, waitMs: 1_200, burstMs: 250 },
  { what: 'tree', number: 2, waitMs: 800, burstMs: 300 },
  { what: 'postgres', number: 3, waitMs: 2_000, burstMs: 200 },
  { what: 'none', number: 4, waitMs: 0, burstMs: 0 },
];
const bad = (findings: Finding[]) => findings.filter(({ good }) => !good).map(({ text }) => text);
let site: KillSite;

beforeAll(async () => {
  site = await openKillSite({ port: 18_910 });
}, 120_000);
afterAll(async () => {
  await site?.stop();
}, 60_000);

test.each(rounds)('round $number: kill -9 of $what loses no row, no mail and not the place in the runbook', { timeout: 120_000 }, async (round) => {
  expect(bad(await killRound(site, round)), site.said()).toEqual([]);
});

test('afterwards every row, mail and record stands exactly once', { timeout: 120_000 }, async () => {
  expect(bad(await judgeSite(site, { episodes: 2, treeKills: 1 })), site.said()).toEqual([]);
});
