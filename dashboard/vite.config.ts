import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

/** Writes the service worker with the list of the files that the page needs, and a version that changes with any of them. */
const serviceWorker: Plugin = {
  name: 'service-worker',
  apply: 'build',
  writeBundle({ dir = 'dist' }, bundle) {
    const texts = new Map(Object.values(bundle).map((file) => [file.fileName, file.type === 'chunk' ? file.code : String(file.source)]));
    const needed = new Set(['index.html']);
    // A set may grow while it is walked: what a needed file names is needed too.
    for (const name of needed) {
      for (const other of texts.keys()) if (texts.get(name)?.includes(basename(other))) needed.add(other);
    }
    const files = ['/', '/favicon.svg', ...[...needed].filter((name) => name !== 'index.html').map((name) => `/${name}`).sort()];
    const version = createHash('sha256').update(JSON.stringify(files)).update(texts.get('index.html') ?? '').digest('hex').slice(0, 12);
    const worker = readFileSync(new URL('src/offline/worker.js', import.meta.url), 'utf8');
    writeFileSync(join(dir, 'sw.js'), `const VERSION = ${JSON.stringify(version)};\nconst FILES = ${JSON.stringify(files)};\n${worker}`);
  },
};

export default defineConfig({
  plugins: [withoutEmbeddedFonts, svelte(), serviceWorker],
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
