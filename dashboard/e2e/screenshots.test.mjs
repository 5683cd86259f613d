// The pictures of the README, made by the product itself. With GRIDWARD_BLESS=1 they replace those in docs/images/.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, ask, comesToBe, demoDistrict, mapIsLive, openPage, startBrowser } from './harness.mjs';

const isBlessing = process.env.GRIDWARD_BLESS === '1';
const folder = isBlessing ? new URL('../../docs/images/', import.meta.url).pathname : mkdtempSync(join(tmpdir(), 'gridward-images-'));
/** A grey map of this size compresses to less. */
const BYTES_AT_LEAST = 40_000;
let browser;
let district;

before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(async () => {
  await browser.close();
  if (!isBlessing) rmSync(folder, { recursive: true });
});

async function picture(name, path, viewport, prepare = async () => undefined) {
  const { page, close } = await openPage(browser, path, { viewport });
  await mapIsLive(page);
  await prepare(page);
  await page.waitForFunction(() => globalThis.gridward.map.loaded());
  await page.evaluate(() => new Promise((resolve) => globalThis.gridward.map.once('render', resolve).triggerRepaint()));
  const drawn = () =>
    page.evaluate(() => {
      const { map } = globalThis.gridward;
      const hasRoads = map.queryRenderedFeatures().some((feature) => feature.sourceLayer === 'roads');
      return { hasRoads, hasCells: map.queryRenderedFeatures({ layers: ['cell-fill'] }).length > 0 };
    });
  // A panel takes room from the map, which is drawn anew a moment after.
  await comesToBe(drawn, { hasRoads: true, hasCells: true });
  assert.ok(await page.getByText('© OpenStreetMap contributors').isVisible(), `${name}: who made the map is told`);
  const file = join(folder, `${name}.png`);
  await page.screenshot({ path: file });
  assert.ok(statSync(file).size > BYTES_AT_LEAST, `${file} has ${statSync(file).size} bytes`);
  await close();
}

test('the first screen is drawn in both languages and on a phone', async () => {
  const { cells } = await ask('query($district: String!) { cells(district: $district, level: "cell", first: 200) { nodes { code areaM2 } } }', { district: district.code });
  const smallestFirst = cells.nodes.sort((first, second) => first.areaM2 - second.areaM2);
  const cell = encodeURIComponent(smallestFirst[Math.floor(smallestFirst.length / 2)].code);
  const hasPanel = (page) => page.waitForSelector('[data-cell-figure]');
  await picture('dashboard', `?lang=en&cell=${cell}`, WIDE, hasPanel);
  await picture('dashboard-zh', '?lang=zh-CN', WIDE);
  await picture('dashboard-narrow', `?lang=zh-CN&cell=${cell}`, NARROW, hasPanel);
});
