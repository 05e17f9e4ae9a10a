/** So many at a time; who comes later waits for a turn. */
export interface Turns {
  /** Resolves with what gives the turn back, or null when the signal came first. */
  take(signal: AbortSignal): Promise<(() => void) | null>;
}

export function createTurns(most: number): Turns {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next) next();
    else busy--;
  };
  const once = (): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      giveBack();
    };
  };
  return {
    take(signal) {
      if (signal.aborted) return Promise.resolve(null);
      if (busy < most) {
        busy++;
        return Promise.resolve(once());
      }
      return new Promise((resolve) => {
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1);
          resolve(null);
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(once());
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(enter);
      });
    },
  };
}
