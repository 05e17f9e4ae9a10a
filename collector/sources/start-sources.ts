import type { Source, SourceContext, SourceHealth } from './source.ts';

/** Every source running, and what each reports of itself. */
export interface RunningSources {
  health(): SourceHealth[];
  stop(): Promise<void>;
}

export function startSources({ sources, ...context }: { sources: readonly Source[] } & SourceContext): RunningSources {
  const running = sources.map((source) => source.start(context));
  return {
    health: () => running.map((source) => source.health()),
    stop: async () => {
      await Promise.all(running.map((source) => source.stop()));
    },
  };
}
