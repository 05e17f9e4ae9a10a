import type { RunningSource, Source, SourceContext, SourceHealth } from './source.ts';

/** Every source running, and what each reports of itself. */
export interface RunningSources {
  health(): SourceHealth[];
  /** Undefined when there is no such source, or it takes nothing handed in. */
  receiver(id: string): RunningSource['receive'];
  stop(): Promise<void>;
}

export function startSources({ sources, ...context }: { sources: readonly Source[] } & SourceContext): RunningSources {
  const running = sources.map((source) => source.start(context));
  return {
    health: () => running.map((source) => source.health()),
    receiver: (id) => running[sources.findIndex((source) => source.id === id)]?.receive,
    stop: async () => {
      await Promise.all(running.map((source) => source.stop()));
    },
  };
}
