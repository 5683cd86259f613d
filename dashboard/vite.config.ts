import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds a server; the built dashboard is served by it.
const server = process.env['GRIDWARD_URL'] ?? 'http://127.0.0.1:8080';

/** GraphiQL's style sheet carries its fonts as data: addresses, which the content security policy refuses. */
const withoutEmbeddedFonts: Plugin = {
  name: 'without-embedded-fonts',
  enforce: 'pre',
  transform: (code, id) => (id.endsWith('/graphiql/dist/style.css') ? code.replace(/@font-face\s*\{[^}]*\}/g, '') : null),
};

export default defineConfig({
  plugins: [withoutEmbeddedFonts, svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // The content security policy allows no data: scripts or styles.
    modulePreload: { polyfill: false }, // The polyfill is an inline script.
    rolldownOptions: {
      input: ['index.html', 'graphiql.html'],
      // React libraries mark themselves "use client", which means nothing in a bundle.
      onLog: (level, log, print) => (log.code === 'MODULE_LEVEL_DIRECTIVE' ? undefined : print(level, log)),
    },
    chunkSizeWarningLimit: 1200, // MapLibre is one chunk of 1.07 MB and is loaded apart from the shell.
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/graphql': { target: server, ws: true },
      '/graphiql': { target: server },
      '/d/': { target: server },
    },
  },
  test: {
    include: ['src/**/*.test.ts'],
    server: { deps: { inline: [/graphql/, /urql/] } }, // Two copies of graphql break `instanceof`.
  },
});
