// What one person reports, another sees at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { demoDistrict, locate, mapIsLive, openPage, startBrowser } from './harness.mjs';

const SEEN_WITHIN_MS = 2_000;
// Software GL draws a small map several times a second and a large one twice: the figure is the page's, not the painter's.
const SMALL = { width: 900, height: 480 };
let browser;
let district;

before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(() => browser.close());

test('an incident reported on one page is on the other page\'s map and in its cell\'s count within two seconds', async () => {
  let counted_ms;
  // Now and then the demo's staff close another of the cell just then, which takes it from the count again.
  for (let attempt = 1; attempt <= 3 && !(counted_ms <= SEEN_WITHIN_MS); attempt += 1) {
    let drawn_ms;
    ({ drawn_ms, counted_ms } = await reportAndSee(attempt));
    assert.ok(drawn_ms <= SEEN_WITHIN_MS, `drawn after ${drawn_ms} ms, at most ${SEEN_WITHIN_MS} ms`);
  }
  assert.ok(counted_ms <= SEEN_WITHIN_MS, `counted after ${counted_ms} ms, at most ${SEEN_WITHIN_MS} ms`);
});

/** How many milliseconds it takes from a report on one page to its mark and to its count on another. */
async function reportAndSee(attempt) {
  const reporter = await openPage(browser, '?lang=en&panel=report', { viewport: SMALL });
  await mapIsLive(reporter.page);
  // A place of its own, so that no cluster hides the mark.
  const place = { lon: district.middle.lon + 0.0007 + attempt * 1e-4, lat: district.middle.lat + 0.0003 };
  const cell = await locate(district, place);
  const watcher = await openPage(browser, `?lang=en&cell=${encodeURIComponent(cell)}`, { viewport: SMALL });
  await mapIsLive(watcher.page);
  for (const { page } of [reporter, watcher]) {
    await page.evaluate(({ lon, lat }) => globalThis.gridward.map.jumpTo({ center: [lon, lat], zoom: 18 }), place);
    await page.waitForFunction(() => globalThis.gridward.map.loaded());
  }
  const openBefore = Number(await watcher.page.textContent('[data-cell-figure=open]'));

  await reporter.page.selectOption('#category', district.category);
  await reporter.page.fill('#text', 'Seen by the other page');
  await reporter.page.getByRole('button', { name: 'Middle of the map' }).click();
  await reporter.page.waitForSelector('[data-draft]');
  await reporter.page.getByRole('status').filter({ hasText: /cell|border/i }).first().waitFor();
  // From when the page has the click: until then it is the browser that is being waited for, frame by frame.
  await reporter.page.evaluate(() => addEventListener('submit', () => (globalThis.sentAt_ms = Date.now()), { capture: true }));
  await reporter.page.getByRole('button', { name: 'Send report' }).click({ noWaitAfter: true });
  const seen = await watcher.page.waitForFunction(
    ({ lon, lat, openBefore }) => {
      const near = (at) => Math.abs(at.lon - lon) < 2e-5 && Math.abs(at.lat - lat) < 2e-5;
      const { live, map } = globalThis.gridward;
      const seen = (globalThis.seenAt_ms ??= {});
      const incident = [...live.incidents.values()].find(({ position, reportedAt }) => near(position) && Date.now() - Date.parse(reportedAt) < 30_000);
      if (!incident) return false;
      seen.received ??= Date.now();
      if (map.queryRenderedFeatures({ layers: ['incident'] }).some((feature) => feature.properties.id === incident.id)) seen.drawn ??= Date.now();
      if (Number(document.querySelector('[data-cell-figure=open]')?.textContent) > openBefore) seen.counted ??= Date.now();
      const isLate = seen.drawn && Date.now() - seen.drawn > 5_000;
      return (seen.drawn && seen.counted) || isLate ? seen : false;
    },
    { ...place, openBefore },
    { polling: 50 },
  );
  const sentAt_ms = await reporter.page.evaluate(() => globalThis.sentAt_ms);
  const { received, drawn, counted = Infinity } = await seen.jsonValue();
  console.log(`received after ${received - sentAt_ms} ms, drawn after ${drawn - sentAt_ms} ms, counted after ${counted - sentAt_ms} ms`);
  await reporter.page.waitForSelector('[data-receipt]');
  await reporter.close();
  await watcher.close();
  return { drawn_ms: drawn - sentAt_ms, counted_ms: counted - sentAt_ms };
}
