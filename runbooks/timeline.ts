import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import type { IncidentAlert, IncidentState } from './incident.ts';
import { type Run, type RunEntry, stepOf } from './run.ts';
import { type Level, levelLabels, type Role, type Runbook, roleLabels } from './runbook.ts';

export const timelineKinds = ['declared', 'alert', 'acknowledged', 'runbook', 'step', 'action', 'gate', 'timer', 'role', 'level', 'note', 'notice', 'state'] as const;
export type TimelineKind = (typeof timelineKinds)[number];
export type Tone = 'bad' | 'good' | 'plain' | 'act';

/** A line of the incident's story before it is linked into its chain. */
export interface TimelineLine {
  at: UnixMs;
  actor: Actor;
  kind: TimelineKind;
  tone: Tone;
  text: Bilingual;
  link: string | null;
}
/** A line as it is kept: append-only, each with the hash of the one before. */
export interface TimelineEntry extends TimelineLine {
  seq: number;
  prevHash: string;
  hash: string;
}
type Said = Pick<TimelineLine, 'kind' | 'tone' | 'text'> & { link?: string };

const say = (zh: string, en: string): Bilingual => ({ 'zh-CN': zh, en });
const who = ({ kind, name }: Actor): Bilingual => (kind === 'system' ? say('系统', 'system') : say(name, name));

export const line = ({ link = null, ...said }: Omit<Said, 'link'> & { link?: string | null }, { actor, at }: { actor: Actor; at: UnixMs }): TimelineLine => ({ ...said, link, actor, at });

export const saidDeclared = (title: Bilingual): Said => ({ kind: 'declared', tone: 'bad', text: say(`事件建立：${title['zh-CN']}`, `Incident declared: ${title.en}`) });
export const saidAlert = ({ summary, fingerprint }: IncidentAlert): Said => ({
  kind: 'alert',
  tone: 'bad',
  text: say(`告警触发：${summary['zh-CN']}`, `Alert fired: ${summary.en}`),
  link: `/alerts/${fingerprint}`,
});
export const saidAlertResolved = ({ summary, fingerprint }: IncidentAlert): Said => ({
  kind: 'alert',
  tone: 'good',
  text: say(`告警恢复：${summary['zh-CN']}`, `Alert resolved: ${summary.en}`),
  link: `/alerts/${fingerprint}`,
});
export const saidAcknowledged = (by: string): Said => ({ kind: 'acknowledged', tone: 'act', text: say(`${by} 确认告警`, `${by} acknowledged the alert`) });
export const saidRunbook = ({ id, title, version }: Runbook): Said => ({
  kind: 'runbook',
  tone: 'plain',
  text: say(`附上预案「${title['zh-CN']}」v${version}`, `Runbook attached: ${title.en} v${version}`),
  link: `/runbooks/${id}`,
});
export const saidRole = (role: Role, person: string): Said => ({
  kind: 'role',
  tone: 'act',
  text: say(`${person} 担任${roleLabels[role]['zh-CN']}`, `${person} is ${roleLabels[role].en.toLowerCase()}`),
});
export const saidLevel = (level: Level): Said => ({ kind: 'level', tone: 'plain', text: say(`级别改为 ${levelLabels[level]['zh-CN']}`, `Level set to ${levelLabels[level].en}`) });
export const saidNote = (text: string): Said => ({ kind: 'note', tone: 'act', text: say(text, text) });
export const saidNotice = (title: Bilingual, id: string): Said => ({
  kind: 'notice',
  tone: 'act',
  text: say(`公告已发布：${title['zh-CN']}`, `Notice published: ${title.en}`),
  link: `/notices/${id}`,
});
export const saidState = (state: IncidentState, why: Bilingual): Said => ({
  kind: 'state',
  tone: state === 'declared' ? 'bad' : 'good',
  text: say(`${stateLabels[state]['zh-CN']}：${why['zh-CN']}`, `${stateLabels[state].en}: ${why.en}`),
});

export const stateLabels: Readonly<Record<IncidentState, Bilingual>> = {
  declared: { 'zh-CN': '处置中', en: 'Declared' },
  mitigated: { 'zh-CN': '已缓解', en: 'Mitigated' },
  resolved: { 'zh-CN': '已恢复', en: 'Resolved' },
  closed: { 'zh-CN': '已关闭', en: 'Closed' },
};

/** What a run's entry looks like in the story; null when it is not worth a line. */
export function saidEntry(run: Run, { event, actor }: RunEntry): Said | null {
  if (event.kind === 'end') return { kind: 'runbook', tone: 'good', text: say('预案走完', 'Runbook completed') };
  if (event.kind === 'abort') return { kind: 'runbook', tone: 'plain', text: say(`预案中止：${event.reason}`, `Runbook aborted: ${event.reason}`) };
  if (event.kind === 'start' || event.kind === 'open') return null;
  const step = stepOf(run, event.stepId);
  if (!step) return null;
  const name = say(`第 ${step.number} 步「${step.title['zh-CN']}」`, `Step ${step.number} "${step.title.en}"`);
  const step_ = (zh: string, en: string, tone: Tone = 'act'): Said => ({ kind: 'step', tone, text: say(`${name['zh-CN']}${zh}`, `${name.en} ${en}`) });
  const by = who(actor);
  switch (event.kind) {
    case 'close':
      return step_(`完成${event.note ? `：${event.note}` : ''}`, `done${event.note ? `: ${event.note}` : ''}`, actor.kind === 'system' ? 'good' : 'act');
    case 'skip':
      return step_(`跳过：${event.reason}`, `skipped: ${event.reason}`);
    case 'override':
      return step_(`关口未满足，${by['zh-CN']} 放行：${event.reason}`, `let through by ${by.en} although its gate did not hold: ${event.reason}`, 'bad');
    case 'branch': {
      const arm = step.branches.find(({ id }) => id === event.taken)?.label ?? say(event.taken, event.taken);
      return step_(`选择「${arm['zh-CN']}」`, `chose "${arm.en}"`);
    }
    case 'publish':
      return step_('已发布', 'published');
    case 'gate':
      return {
        kind: 'gate',
        tone: event.held ? 'good' : 'plain',
        text: event.held ? say(`${name['zh-CN']}关口满足`, `${name.en}: gate holds`) : say(`${name['zh-CN']}关口不再满足`, `${name.en}: gate no longer holds`),
      };
    case 'timer':
      return {
        kind: 'timer',
        tone: 'bad',
        text: say(
          `${name['zh-CN']}${event.which === 'hard' ? '超时' : '将要超时'}${tail(step.timer?.onExpire?.['zh-CN'], event.which)}`,
          `${name.en} ${event.which === 'hard' ? 'is overdue' : 'is running late'}${tail(step.timer?.onExpire?.en, event.which)}`,
        ),
      };
    case 'act':
    case 'undo':
      return saidAction(name, event);
  }
}

const tail = (text: string | undefined, which: 'soft' | 'hard'): string => (text && which === 'hard' ? `：${text}` : '');

function saidAction(name: Bilingual, event: Extract<RunEntry['event'], { kind: 'act' | 'undo' }>): Said | null {
  if (event.phase === 'running') return null;
  const verb = event.kind === 'act' ? say('动作', 'action') : say('撤回', 'undo');
  const outcome = { done: say('成功', 'succeeded'), failed: say('失败', 'failed'), unknown: say('结果未知，请人工核对', 'has an unknown outcome, check by hand') }[event.phase];
  const dry = event.dryRun ? say('（演练，未执行）', ' (dry run, nothing done)') : say('', '');
  const detail = event.detail ? say(`：${event.detail}`, `: ${event.detail}`) : say('', '');
  return {
    kind: 'action',
    tone: event.phase === 'done' ? 'act' : 'bad',
    text: say(`${name['zh-CN']}${verb['zh-CN']}${outcome['zh-CN']}${dry['zh-CN']}${detail['zh-CN']}`, `${name.en} ${verb.en} ${outcome.en}${dry.en}${detail.en}`),
  };
}
