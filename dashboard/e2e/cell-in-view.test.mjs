// A cell that is opened by its name comes into view; one that is clicked on the map is there already.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, ask, demoDistrict, locate, mapIsLive, openPage, report, startBrowser } from './harness.mjs';

let browser;
let district;
let cells;

before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
  const answer = await ask(
    'query($district: String!) { cells(district: $district, first: 200) { nodes { code level names { language text } bounds { west south east north } } } }',
    { district: district.code },
  );
  cells = answer.cells.nodes;
});
after(() => browser.close());

const englishName = ({ names }) => names.find(({ language }) => language === 'en').text;
const middleOf = ({ west, south, east, north }) => [(west + east) / 2, (south + north) / 2];

/** Whether all of the box lies on the map, and none of it below the legend. */
function isInView({ west, south, east, north }) {
  const { map } = globalThis.gridward;
  const [from, to] = [map.project([west, north]), map.project([east, south])];
  const [room, legend] = ['.map', '.legend'].map((selector) => document.querySelector(selector).getBoundingClientRect());
  const isBeside = from.x >= legend.right - room.left || to.y <= legend.top - room.top;
  return !map.isMoving() && isBeside && from.x >= 0 && from.y >= 0 && to.x <= room.width && to.y <= room.height;
}

function camera(page) {
  return page.evaluate(() => {
    const { map } = globalThis.gridward;
    const { lng, lat } = map.getCenter();
    return [lng, lat, map.getZoom()].map((value) => value.toFixed(6));
  });
}

async function search(page, { code }) {
  await page.getByRole('combobox', { name: /Search/ }).fill(code);
  // The code of a cell is the beginning of those of the cells in it.
  await page.getByRole('option').filter({ has: page.getByText(code, { exact: true }) }).click();
  await page.waitForFunction(() => document.querySelector('#search-hits').closest('.hits').hidden);
}

for (const [name, viewport] of [['1440 px', WIDE], ['390 px', NARROW]]) {
  test(`a cell that is searched for is whole beside the panel, and is left alone where it is well in view, at ${name}`, async () => {
    const cell = cells.find(({ level }) => level === 'cell');
    const { page, close } = await openPage(browser, '?lang=en', { viewport });
    await mapIsLive(page);
    await search(page, cell);
    await page.waitForSelector('[data-cell-figure]');
    await page.waitForFunction(isInView, cell.bounds);
    await page.evaluate(() => globalThis.gridward.map.jumpTo({ zoom: globalThis.gridward.map.getZoom() - 0.4 }));
    await page.waitForFunction(isInView, cell.bounds);
    const before = await camera(page);
    await search(page, cell);
    assert.deepEqual(await camera(page), before);
    await close();
  });
}

test('the cell of an incident is shown whole, and who wants less motion sees no gliding', async () => {
  const code = await locate(district, district.middle);
  const cell = cells.find((other) => other.code === code);
  const id = await report(district, district.middle, `In a cell that is to be shown ${Date.now()}`);
  const { page, close } = await openPage(browser, `?lang=en&incident=${encodeURIComponent(id)}`, { signedIn: true });
  await mapIsLive(page);
  const link = page.locator('aside.side .facts').getByRole('button', { name: englishName(cell), exact: true });
  await link.waitFor();
  // So near that the middle of the cell is in view, and its borders are not.
  await page.evaluate((center) => globalThis.gridward.map.jumpTo({ center, zoom: 19 }), middleOf(cell.bounds));
  assert.equal(await page.evaluate(isInView, cell.bounds), false);
  await page.evaluate(() => {
    const { map } = globalThis.gridward;
    globalThis.glided = false;
    // A leap is one step from its start to its end.
    let steps = 0;
    map.on('movestart', () => (steps = 0));
    map.on('move', () => {
      steps += 1;
      globalThis.glided ||= steps > 1;
    });
  });
  await link.click();
  await page.waitForSelector('[data-cell-figure]');
  await page.waitForFunction(isInView, cell.bounds);
  assert.equal(await page.evaluate(() => globalThis.glided), false);
  await close();
});

test('a cell that was opened in the table is what the map shows when it is opened', async () => {
  const { page, close } = await openPage(browser, '?lang=en&view=table');
  await page.waitForSelector('tbody tr');
  await page.locator('tbody th button').first().click();
  await page.waitForSelector('[data-cell-figure]');
  const code = new URL(page.url()).searchParams.get('cell');
  await page.locator('header').getByRole('button', { name: 'Map', exact: true }).click();
  await mapIsLive(page);
  await page.waitForFunction(isInView, cells.find((cell) => cell.code === code).bounds);
  await close();
});

test('the map that an address was searched for beside the table shows the cell that was opened there since', async () => {
  const { page, close } = await openPage(browser, '?lang=en&view=table');
  await page.waitForSelector('tbody tr');
  await page.getByRole('combobox', { name: /Search/ }).fill('a');
  await page.getByRole('option').filter({ has: page.locator('.kind', { hasText: 'Building' }) }).first().click();
  await page.waitForSelector('[data-cell-figure]');
  const chosen = () => new URL(page.url()).searchParams.get('cell');
  const found = chosen();
  for (let row = 0; row < 2 && chosen() === found; row += 1) await page.locator('tbody th button').nth(row).click();
  await page.locator('header').getByRole('button', { name: 'Map', exact: true }).click();
  await mapIsLive(page);
  await page.waitForFunction(isInView, cells.find(({ code }) => code === chosen()).bounds);
  await close();
});

test('who has moved the map away from a cell and then writes a report looks on where they looked', async () => {
  const cell = cells.find(({ level }) => level === 'cell');
  const { page, close } = await openPage(browser, `?lang=en&cell=${cell.code}`);
  await mapIsLive(page);
  await page.waitForFunction(isInView, cell.bounds);
  const { x, y, width, height } = await page.locator('canvas.maplibregl-canvas').boundingBox();
  const isAway = (middle) => !globalThis.gridward.map.isMoving() && !globalThis.gridward.map.getBounds().contains(middle);
  await page.mouse.move(x + width * 0.9, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.1, y + height / 2, { steps: 8 });
  await page.mouse.up();
  await page.waitForFunction(isAway, middleOf(cell.bounds));
  const before = await camera(page);
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await page.waitForSelector('#category');
  assert.deepEqual(await camera(page), before);
  await close();
});

/** A place in the cell, as far from the middle of its box as there is one on a lattice over it. */
async function farFromMiddle({ code, bounds }) {
  const { west, south, east, north } = bounds;
  const steps = Array.from({ length: 9 }, (_, step) => (step + 0.5) / 9);
  const positions = steps.flatMap((x) => steps.map((y) => ({ lon: west + (east - west) * x, lat: south + (north - south) * y, datum: 'WGS84' })));
  const { locateMany } = await ask(
    'query($district: String!, $positions: [PositionInput!]!) { locateMany(district: $district, positions: $positions) { cell { code } ancestors { code } } }',
    { district: district.code, positions },
  );
  const [lon, lat] = middleOf(bounds);
  const distance = (at) => Math.hypot((at.lon - lon) * Math.cos((lat * Math.PI) / 180), at.lat - lat);
  const within = positions.filter((_, index) => [locateMany[index].cell, ...locateMany[index].ancestors].some((cell) => cell?.code === code));
  return within.reduce((first, second) => (distance(first) >= distance(second) ? first : second));
}

test('a click on a cell leaves the map where it is, also where little of the cell is in view', async () => {
  const cell = cells.find(({ level }) => level === 'cell');
  const place = await farFromMiddle(cell);
  const { page, close } = await openPage(browser, '?lang=en');
  await mapIsLive(page);
  await page.evaluate(({ lon, lat }) => globalThis.gridward.map.jumpTo({ center: [lon, lat], zoom: 19 }), place);
  await page.waitForFunction(() => globalThis.gridward.map.loaded() && globalThis.gridward.map.queryRenderedFeatures({ layers: ['cell-fill'] }).length > 0);
  const middleIsInView = await page.evaluate((middle) => globalThis.gridward.map.getBounds().contains(middle), middleOf(cell.bounds));
  assert.equal(middleIsInView, false);
  const before = await camera(page);
  const box = await page.locator('canvas.maplibregl-canvas').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector('[data-cell-figure]');
  assert.equal(new URL(page.url()).searchParams.get('cell'), cell.code);
  await page.waitForFunction(() => globalThis.gridward.map.getCanvas().clientWidth < 900);
  assert.deepEqual(await camera(page), before);
  await close();
});
