/**
 * Percentiles out of merged log histograms (base 2^(1/32)): one cumulative sum per group, computed in a subquery of its own
 * so that the search inside each quantile does not compute it again. The answer is the geometric middle of the bucket.
 */
const place = (quantile: number): string => `if(n = 0, NULL, exp2((ks[arrayFirstIndex(c -> c >= ceil(n * ${quantile}), cs)] + 0.5) / 32))`;

/** Seconds below which each share of the observations lies, as columns q0, q1, …; `grouped` must yield `h`, the merged histogram. */
export function quantilesOf(grouped: string, quantiles: readonly number[], carried: readonly string[]): string {
  const carry = carried.map((name) => `${name}, `).join('');
  return `
SELECT ${carry}n, ${quantiles.map((quantile, index) => `${place(checked(quantile))} AS q${index}`).join(', ')}
FROM (
  SELECT ${carry}mapKeys(h) AS ks, arrayCumSum(mapValues(h)) AS cs, cs[-1] AS n
  FROM (${grouped})
)`;
}

function checked(quantile: number): number {
  if (!(quantile > 0 && quantile <= 1)) throw new RangeError(`a quantile lies in (0, 1], not ${quantile}`);
  return quantile;
}

/** Half an octave a row is as fine as an eye reads in a heatmap: bucket 16r … 16r+15. */
export const heatRow = 'toInt32(floor(bucket_key / 16))';
export const heatBound = (row: number): number => 2 ** ((row + 1) / 2);
