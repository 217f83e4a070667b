import { defineConfig } from 'vite';

/** Builds the page that the console serves. Nothing in it comes from elsewhere: the console's content policy forbids it. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  logLevel: 'warn',
  build: {
    outDir: '../../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // The content policy refuses files that are part of an address, unless they are pictures.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      onLog: (level, log, handle) => {
        // React's server components have a use for these words; a page that runs in a browser has none.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log);
      },
    },
  },
  // `npx vite console/page` beside a running console, to work on the page.
  server: { proxy: { '/api': 'http://127.0.0.1:4780' } },
});
