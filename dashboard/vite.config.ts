import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Where `npm run dev` finds a server; the built dashboard is served by it.
const server = process.env['GRIDWARD_URL'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // The content security policy allows no data: scripts or styles.
    modulePreload: { polyfill: false }, // The polyfill is an inline script.
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
