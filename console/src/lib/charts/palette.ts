/** The colours a canvas needs by value; everything else reads them from the tokens. */
export interface Palette {
  ink: string;
  ink2: string;
  ink3: string;
  line: string;
  surface: string;
  down: string;
  maintenance: string;
  series: string[];
  font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: token('ink'),
    ink2: token('ink-2'),
    ink3: token('ink-3'),
    line: token('line'),
    surface: token('surface'),
    down: token('down'),
    maintenance: token('maintenance'),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((index) => token(`s${index}`)),
    font: token('font'),
  };
}
