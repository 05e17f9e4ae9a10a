import { maskText } from '#collector/mask.ts';

/** Values of labels repeat from one time to the next; each is looked through once. */
export interface LabelMask {
  mask(value: string): string;
  /** Pieces of personal data masked. */
  count(): number;
}

const knownValues = 20_000;

export function createLabelMask(): () => LabelMask {
  const known = new Map<string, { text: string; count: number }>();
  return () => {
    let count = 0;
    return {
      count: () => count,
      mask(value) {
        let found = known.get(value);
        if (!found) {
          if (known.size >= knownValues) known.clear();
          found = maskText(value);
          known.set(value, found);
        }
        count += found.count;
        return found.text;
      },
    };
  };
}
