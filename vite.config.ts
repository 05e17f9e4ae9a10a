import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

/** `npm run build` works in a folder of its own and puts the result in place whole, so two builds cannot disturb each other. */
const work = process.env.CONSOLE_WORK;
const out = work ? `${work}/pages` : 'console/build';

export default defineConfig({
  plugins: [
    sveltekit({
      ...(work ? { outDir: `${work}/kit` } : {}),
      // A single-page app: unknown addresses get index.html, and every file lies beside its .gz and .br.
      adapter: adapter({ pages: out, assets: out, fallback: 'index.html', precompress: true }),
      files: { src: 'console/src', assets: 'console/static' },
      compilerOptions: { runes: true },
    }),
  ],
  build: { chunkSizeWarningLimit: 800 },
  logLevel: 'warn',
});
