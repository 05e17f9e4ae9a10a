/**
 * kill -9 of the engine child, of Postgres and of the whole process tree, each in the middle of load.
 *   node test/kill-rounds.ts [--rounds 10] [--what engine,postgres,tree] [--seed 1]
 * Afterwards: no acknowledged row lost or doubled (raw = every rollup), each episode told once and its end once, the incident and its run where they were.
 */
import { parseArgs } from 'node:util';
import { type Finding, judgeSite, killRound } from './kill-round.ts';
import { kills, openKillSite } from './kill-site.ts';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '10' }, what: { type: 'string', default: kills.join(',') }, seed: { type: 'string', default: '1' } } });
const rounds = Number(options.rounds);
const asked = kills.filter((kill) => options.what.split(',').includes(kill));
if (asked.length === 0 || !(rounds > 0) || rounds % 2 === 1) {
  console.error(`usage: node test/kill-rounds.ts [--rounds N] [--what ${kills.join(',')}] [--seed N]; N even, for what is broken is to be mended`);
  process.exit(2);
}

let seed = Number(options.seed);
const chance = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 2 ** 32;
};

const problems: string[] = [];
const tell = (findings: Finding[]) => {
  for (const { good, text } of findings) {
    if (!good) problems.push(text);
    console.log(`  ${good ? 'ok  ' : 'FAIL'} ${text}`);
  }
};

const site = await openKillSite({ port: 18_900 });
try {
  for (const what of asked) {
    for (let number = 1; number <= rounds; number++) tell(await killRound(site, { what, number, waitMs: Math.round(200 + chance() * 5_000), burstMs: Math.round(chance() * 500) }));
  }
  tell(await judgeSite(site, { episodes: (rounds * asked.length) / 2, treeKills: asked.includes('tree') ? rounds : 0 }));
} catch (error) {
  problems.push(String(error));
  tell(await judgeSite(site, { episodes: 0, treeKills: 0 }).catch(() => []));
}
if (problems.length > 0) console.log(site.said());
const ended = await site.stop();
tell([{ good: ended.code === 0, text: `ended on SIGTERM with code ${ended.code} after ${ended.ms} ms` }]);
console.log(problems.length === 0 ? 'nothing lost, nothing doubled' : `${problems.length} problems:\n${problems.join('\n')}`);
process.exit(problems.length === 0 ? 0 : 1);
