// The service worker: keeps the page's own files in this browser, so that the page opens without a connection and shows
// the reports that wait to be sent.
//
// Start at the listener for `fetch`. The build writes `VERSION` and `FILES` in front of this text (see vite.config.ts).
//
// Invariant: only files of the build are kept: no answer of the API, no tile, nothing that a person wrote or may see.
// Invariant: it takes over no page that is open. A new version waits until the pages of the old one are gone.
/* global VERSION, FILES */

const CACHE_PREFIX = 'gridward-shell-';
const CACHE = CACHE_PREFIX + VERSION;
/** A line that is dead but not cut lets a request hang; then the kept page is shown. */
const PAGE_WITHIN_MS = 8_000;

async function keep() {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache, which may still hold the files of the version before under the same name.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: 'reload' })));
}

async function dropOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

/** The page as the server has it now; where it cannot be reached, as it was kept. */
async function page(request) {
  const kept = await caches.match('/', { cacheName: CACHE });
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(PAGE_WITHIN_MS) });
    return fresh.status >= 500 && kept ? kept : fresh;
  } catch {
    return kept ?? Response.error();
  }
}

async function file(request, path) {
  return (await caches.match(path, { cacheName: CACHE })) ?? fetch(request);
}

addEventListener('install', (event) => event.waitUntil(keep()));
addEventListener('activate', (event) => event.waitUntil(dropOlder()));
addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || !FILES.includes(pathname)) return;
  event.respondWith(request.mode === 'navigate' ? page(request) : file(request, pathname));
});
