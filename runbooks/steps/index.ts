import { act } from './act.ts';
import { check } from './check.ts';
import { decide } from './decide.ts';
import { publish } from './publish.ts';
import { verify } from './verify.ts';
import { wait } from './wait.ts';

export const stepKinds = [check, act, decide, wait, verify, publish] as const;
