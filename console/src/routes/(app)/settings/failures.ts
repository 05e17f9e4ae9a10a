import type { HealthView } from '#console/api/views.ts';

/** What went wrong in a loop since the start, and how often; empty when nothing did. */
export const failuresOf = ({ failures }: HealthView['loops'][number]): string =>
  Object.entries(failures)
    .filter(([, times]) => times > 0)
    .map(([why, times]) => `${why} × ${times}`)
    .join(' · ');
