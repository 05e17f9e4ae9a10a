import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { Refused } from './client.ts';
import { language } from './language.svelte.ts';

interface Toast {
  id: number;
  text: string;
  failed: boolean;
  /** A way back, for a moment. */
  action: Action | null;
}
interface Action {
  text: string;
  act(): void;
}

/** Short answers to what a person just did; failures stay until they are closed. */
class Toasts {
  shown: Toast[] = $state([]);
  #next = 1;
  add(text: string, failed = false, action: Action | null = null): void {
    const id = this.#next++;
    this.shown.push({ id, text, failed, action });
    if (!failed) systemClock.after(durationMs(action ? 12_000 : 4000), () => this.close(id));
  }
  close(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }
}
export const toasts = new Toasts();

/** Performs a write and says how it went; false when it was refused. */
export async function perform(act: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await act();
    toasts.add(done);
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toasts.add(`${language.t.toast.failed}：${language.say(error.problem.message)}`.replace('：', language.code === 'en' ? ': ' : '：'), true);
    return false;
  }
}
