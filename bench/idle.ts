/** The whole default install at rest: time to ready, memory and CPU of every process together. Budget: 8 s, 900 MB, 5 % of a core. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstance } from '../test/instance.ts';
import { processTree } from '../test/process-tree.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'fenghuo-idle-'));
const settleMs = 30_000;
const measureMs = 60_000;
const ticks = (tree: { cpuTicks: number }[]) => tree.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);

for (const round of ['first start', 'second start, same data']) {
  const instance = await startInstance({ dataDir, port: 18_700 });
  await sleep(settleMs);
  const before = ticks(processTree(instance.child.pid ?? 0));
  await sleep(measureMs);
  const tree = processTree(instance.child.pid ?? 0);
  const cpu = ((ticks(tree) - before) * 10) / measureMs;
  const mb = (kb: number) => Math.round(kb / 1024);
  console.log(
    `${round}: ready in ${(instance.readyMs / 1000).toFixed(1)} s; ${tree.length} processes; RSS ${mb(tree.reduce((sum, one) => sum + one.rssKb, 0))} MB, PSS ${mb(tree.reduce((sum, one) => sum + one.pssKb, 0))} MB; CPU ${(cpu * 100).toFixed(1)} % of one core over ${measureMs / 1000} s`,
  );
  for (const one of tree) console.log(`  ${String(one.pid).padStart(7)}  PSS ${String(mb(one.pssKb)).padStart(4)} MB  ${one.command.slice(0, 100)}`);
  await instance.stop();
}
rmSync(dataDir, { recursive: true, force: true });
