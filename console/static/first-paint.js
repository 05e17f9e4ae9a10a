// Runs before anything is drawn, so neither theme nor language flashes.
(() => {
  const root = document.documentElement;
  let theme = 'system';
  let language = 'zh-CN';
  try {
    theme = localStorage.getItem('theme') ?? theme;
    language = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem('language') ?? language;
  } catch {
    // Storage may be forbidden; the defaults serve.
  }
  root.dataset.theme = theme === 'system' ? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light') : theme;
  if (location.pathname.startsWith('/sign-in')) root.dataset.bare = '';
  root.lang = language === 'en' ? 'en' : 'zh-CN';
})();
