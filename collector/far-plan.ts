import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, replaceFile } from './durable-file.ts';
import type { FarPlan } from './far-link.ts';

/** What the centre last wanted looked at, on the far disk: a vantage that starts while the centre is away looks all the same. */
export interface KeptPlan {
  /** Undefined when there is none. Rejects when it cannot be read. */
  read(): Promise<FarPlan | undefined>;
  /** Writes only what is not there already. */
  keep(plan: FarPlan): Promise<void>;
  /** Of a vantage the centre will not have any more, nothing stays: a plan holds the secrets of its probes. */
  forget(): Promise<void>;
}

/** For the owner's eyes only. */
const mode = 0o600;

export function keptPlan(dataDir: string): KeptPlan {
  const path = join(dataDir, 'plan.json');
  let onDisk = '';
  return {
    async read() {
      const text = (await readIfThere(path))?.toString();
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as FarPlan;
      } catch (error) {
        throw new Error(`${path} holds no plan; it is made anew when the centre answers`, { cause: error });
      }
    },
    async keep(plan) {
      const text = JSON.stringify(plan);
      if (text === onDisk) return;
      await replaceFile(path, text, mode);
      onDisk = text;
    },
    async forget() {
      onDisk = '';
      await rm(path, { force: true });
    },
  };
}
