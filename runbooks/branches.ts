import type { Section } from './sections.ts';

interface Complaint {
  line: number;
  message: string;
  hint: string;
}
interface Raw {
  id: string;
  line: number;
  position: number;
}

/** What is wrong between steps: an id taken twice, an arm that points at nothing, backwards, or at another arm's step. */
export function branchComplaints(sections: readonly Section[]): Complaint[] {
  const steps: Raw[] = sections.flatMap(({ yaml }, position) => {
    const id = field(yaml?.value, 'id');
    return typeof id === 'string' && yaml ? [{ id, line: yaml.lineOf(['id']), position }] : [];
  });
  const first = new Map<string, Raw>();
  const complaints: Complaint[] = [];
  for (const step of steps) {
    const earlier = first.get(step.id);
    if (earlier) complaints.push({ line: step.line, message: `step id "${step.id}" is taken already on line ${earlier.line}`, hint: 'give each step an id of its own' });
    else first.set(step.id, step);
  }
  const claimed = new Map<string, string>();
  sections.forEach(({ yaml }, position) => {
    for (const { target, path, owner } of targets(yaml?.value)) {
      const say = (message: string, hint: string) => complaints.push({ line: yaml?.lineOf(path) ?? 1, message, hint });
      const found = first.get(target);
      if (!found) say(`branch leads to step "${target}", which does not exist`, `steps are ${[...first.keys()].join(', ')}`);
      else if (found.position <= position) say(`branch leads back to step "${target}"`, 'closed steps never open again: lead to a step further down');
      else if (claimed.has(target)) say(`step "${target}" belongs to arm "${claimed.get(target)}" already`, 'a step belongs to one arm; what all arms share stands after them');
      else claimed.set(target, owner);
    }
  });
  return complaints;
}

function targets(value: unknown): { target: string; path: PropertyKey[]; owner: string }[] {
  const branch = field(value, 'branch');
  if (!Array.isArray(branch)) return [];
  return branch.flatMap((arm: unknown, index) => {
    const steps = field(arm, 'steps');
    const owner = `${String(field(value, 'id'))}/${String(field(arm, 'id'))}`;
    if (typeof steps === 'string') return [{ target: steps, path: ['branch', index, 'steps'], owner }];
    if (!Array.isArray(steps)) return [];
    return steps.flatMap((target: unknown, at) => (typeof target === 'string' ? [{ target, path: ['branch', index, 'steps', at], owner }] : []));
  });
}

const field = (value: unknown, key: string): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined);
