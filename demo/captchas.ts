import { randomUUID } from 'node:crypto';
import type { Clock } from '#lib/clock.ts';
import { after, durationMs, type UnixMs } from '#lib/time.ts';
import type { Random } from './random.ts';

/** Captchas of the demo service: drawn as SVG, good once and for two minutes. */
export interface Captchas {
  issue(): { id: string; image: string };
  /** What is drawn in the picture; the test channel and the simulated users read it here. */
  answer(id: string): string | undefined;
  judge(id: string, answer: string): 'right' | 'wrong' | 'expired';
}

const lifetimeMs = durationMs(120_000);
const letters = [...'ABCDEFGHJKMNPQRSTUVWXYZ23456789'] as [string, ...string[]];

export function createCaptchas({ clock, random }: { clock: Clock; random: Random }): Captchas {
  const open = new Map<string, { answer: string; until: UnixMs }>();
  const forgetOld = () => {
    for (const [id, { until }] of open) {
      if (until > clock.now() && open.size < 5_000) return;
      open.delete(id);
    }
  };
  return {
    issue() {
      forgetOld();
      const id = randomUUID();
      const answer = Array.from({ length: 4 }, () => random.pick(letters)).join('');
      open.set(id, { answer, until: after(clock.now(), lifetimeMs) });
      return { id, image: draw(answer, random) };
    },
    answer: (id) => open.get(id)?.answer,
    judge(id, answer) {
      const captcha = open.get(id);
      open.delete(id);
      if (!captcha || captcha.until <= clock.now()) return 'expired';
      return captcha.answer === answer.trim().toUpperCase() ? 'right' : 'wrong';
    },
  };
}

function draw(answer: string, random: Random): string {
  const glyphs = [...answer].map((letter, index) => `<text x="${14 + index * 26}" y="${random.whole(26, 34)}" transform="rotate(${random.whole(-18, 18)} ${14 + index * 26} 28)">${letter}</text>`);
  const noise = Array.from({ length: 4 }, () => `<path d="M${random.whole(0, 120)} ${random.whole(0, 40)}L${random.whole(0, 120)} ${random.whole(0, 40)}" stroke="#8894a8"/>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40" font-family="monospace" font-size="24" fill="#28456b">${noise.join('')}${glyphs.join('')}</svg>`;
}
