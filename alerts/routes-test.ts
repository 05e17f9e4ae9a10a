import type { Labels } from '#lib/labels.ts';
import { formatDuration, type UnixMs } from '#lib/time.ts';
import { intervalMute } from './mute.ts';
import type { AlertingPlan } from './plan.ts';
import { routesFor } from './route.ts';

export interface RoutesTestIo {
  out(text: string): void;
  err(text: string): void;
  now: UnixMs;
}

export interface RoutesAnswer {
  receivers: {
    name: string;
    path: readonly string[];
    groupBy: readonly string[];
    groupWait: string;
    groupInterval: string;
    repeatInterval: string;
    continue: boolean;
    channels: { kind: string; to: string; sendResolved: boolean }[];
  }[];
  mutedBy: { by: string; name: string; receiver: string; text: string; until: number | null }[];
}

/** Who would be told of an alert with these labels, grouped how, and which time intervals keep them quiet now. */
export function routesTestAnswer(plan: AlertingPlan, labels: Labels, now: UnixMs): RoutesAnswer {
  const routes = routesFor(plan.root, labels).filter((route) => route.receiver !== '');
  return {
    receivers: routes.map((route) => ({
      name: route.receiver,
      path: route.path,
      groupBy: route.groupBy === 'all' ? ['...'] : route.groupBy,
      groupWait: formatDuration(route.groupWaitMs),
      groupInterval: formatDuration(route.groupIntervalMs),
      repeatInterval: formatDuration(route.repeatIntervalMs),
      continue: route.continues,
      channels: (plan.receivers.get(route.receiver) ?? []).map(({ sender, sendResolved }) => ({ kind: sender?.kind ?? 'none', to: sender?.to ?? '', sendResolved })),
    })),
    mutedBy: routes.flatMap((route) => intervalMute(route, plan.intervals, now).map(({ by, id, text, until }) => ({ by, name: id, receiver: route.receiver, text: text.en, until }))),
  };
}

const usage = 'fenghuo routes test [--config F] LABEL=VALUE… [--json]\n';

/** `fenghuo routes test`: 0 with an answer, 2 for wrong usage. The configuration is read by the caller. */
export function routesTest(plan: AlertingPlan, argv: readonly string[], io: RoutesTestIo): number {
  const words = argv.filter((word) => word !== '--json');
  const pairs = words.map((word) => /^([A-Za-z_][\w.]*)=(.*)$/s.exec(word));
  const odd = words.find((_, index) => !pairs[index]);
  if (words.length === 0 || odd !== undefined) {
    io.err(`${odd === undefined ? 'say the labels of the alert' : `"${odd}" is not LABEL=VALUE`}\n${usage}`);
    return 2;
  }
  const answer = routesTestAnswer(plan, Object.fromEntries(pairs.map((pair) => [pair?.[1] ?? '', pair?.[2] ?? ''])), io.now);
  io.out(argv.includes('--json') ? `${JSON.stringify(answer)}\n` : describe(answer));
  return 0;
}

function describe({ receivers, mutedBy }: RoutesAnswer): string {
  if (receivers.length === 0) return 'nobody is told\n';
  const lines = receivers.map(
    (one) => `${one.name}  via ${one.path.join(' › ')}  grouped by ${one.groupBy.join(', ') || '(one group)'}  wait ${one.groupWait}, every ${one.groupInterval}, again after ${one.repeatInterval}`,
  );
  return [...lines, ...mutedBy.map((mute) => `muted for ${mute.receiver}: ${mute.text}`), ''].join('\n');
}
