export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const dark = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)');

/** The chosen theme, and which of the two it means now. */
class ThemeChoice {
  chosen: Theme = $state('system');
  #systemDark = $state(false);
  readonly shown = $derived(this.chosen === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.chosen);

  start(): () => void {
    const kept = localStorage.getItem('theme');
    this.chosen = themes.find((theme) => theme === kept) ?? 'system';
    const query = dark();
    const follow = (): void => {
      this.#systemDark = query.matches;
    };
    follow();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }

  choose(theme: Theme): void {
    this.chosen = theme;
    localStorage.setItem('theme', theme);
  }
}
export const theme = new ThemeChoice();
