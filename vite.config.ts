import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [
    sveltekit({
      // A single-page app: unknown addresses get index.html, and every file lies beside its .gz and .br.
      adapter: adapter({ pages: 'console/build', assets: 'console/build', fallback: 'index.html', precompress: true }),
      files: { src: 'console/src', assets: 'console/static' },
      compilerOptions: { runes: true },
    }),
  ],
  build: { chunkSizeWarningLimit: 800 },
  logLevel: 'warn',
});
