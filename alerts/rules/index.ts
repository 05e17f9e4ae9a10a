import { probe } from './probe.ts';
import { ratio } from './ratio.ts';
import { threshold } from './threshold.ts';

/** Every kind of rule; one line each. */
export const ruleKinds = [probe, ratio, threshold] as const;
