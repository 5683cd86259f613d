// What a person finds by the search box, and where it leads.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, demoDistrict, locate, mapIsLive, openPage, startBrowser } from './harness.mjs';

let browser;
let district;
before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(() => browser.close());

async function hits(text) {
  const { search } = await ask('query($district: String!, $text: String!) { search(district: $district, text: $text, first: 40) { kind title detail position { lon lat } } }', { district: district.code, text });
  return search;
}

test('an address that is searched for is marked on the map, and its cell opens with who is responsible', async () => {
  const [road] = (await hits('a')).filter((hit) => hit.kind === 'ROAD');
  const building = (await hits(road.title)).find((hit) => hit.kind === 'BUILDING') ?? (await hits('a')).find((hit) => hit.kind === 'BUILDING');
  const cell = await locate(district, building.position);
  const { page, close } = await openPage(browser, '?lang=en');
  await mapIsLive(page);
  await page.getByRole('combobox', { name: /Search/ }).fill(building.title);
  await page.getByRole('option').filter({ hasText: 'Building' }).filter({ hasText: building.title }).first().click();
  await page.getByRole('heading', { name: 'Who is responsible' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('cell'), cell);
  const marked = await page.waitForFunction(() => globalThis.gridward.map.querySourceFeatures('selection')[0]?.geometry.coordinates);
  const [lon, lat] = await marked.jsonValue();
  assert.ok(Math.abs(lon - building.position.lon) < 1e-4 && Math.abs(lat - building.position.lat) < 1e-4, `${lon}, ${lat}`);
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => globalThis.gridward.map.querySourceFeatures('selection').length === 0);
  await close();
});

test('no two hits read the same but incidents, and an incident is found under the name of its category', async () => {
  const incident = (await hits('a')).find((hit) => hit.kind === 'INCIDENT');
  const { page, close } = await openPage(browser, '?lang=en&view=table', { signedIn: true });
  await page.waitForSelector('tbody tr');
  await page.getByRole('combobox', { name: /Search/ }).fill('a');
  await page.waitForSelector('[role=option]');
  const shown = await page.locator('[role=option]').evaluateAll((options) => options.map((option) => option.innerText.replaceAll(/\s+/g, ' ')));
  const others = shown.filter((text) => !text.startsWith('Incident'));
  assert.deepEqual(others, [...new Set(others)]);
  const details = await page.locator('[role=option] small').allTextContents();
  assert.ok(!details.includes(incident.detail), `the code ${incident.detail} is shown`);
  await close();
});

test('a road and a building are among the hits, however many cells have the words in their names', async () => {
  const { page, close } = await openPage(browser, '?lang=en&view=table');
  await page.waitForSelector('tbody tr');
  await page.getByRole('combobox', { name: /Search/ }).fill('a');
  await page.waitForSelector('[role=option]');
  const kinds = new Set(await page.locator('[role=option] .kind').allTextContents());
  assert.deepEqual([...kinds], ['Cell', 'Road', 'Building']);
  await close();
});

for (const [role, signedIn, sentence] of [['the public', false, 'Incidents are not searched'], ['who dispatches', true, 'not by a number or a receipt code']]) {
  test(`${role} is told what could have been found where nothing was`, async () => {
    const { page, close } = await openPage(browser, '?lang=en&view=table', { signedIn });
    await page.waitForSelector('tbody tr');
    if (signedIn) await page.locator('header').getByRole('button', { name: 'Dispatcher' }).waitFor();
    await page.getByRole('combobox', { name: /Search/ }).fill('K7MQ-2XPA-99TD');
    await page.locator('.none').filter({ hasText: 'Nothing found' }).waitFor();
    await page.locator('.what').filter({ hasText: 'Cells are found by name or code' }).filter({ hasText: sentence }).waitFor();
    await close();
  });
}

test('a hit that is chosen before the next answer has come leaves the list closed', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&view=table');
  await page.waitForSelector('tbody tr');
  const box = page.getByRole('combobox', { name: /Search/ });
  await box.fill('a');
  await page.waitForSelector('[role=option]');
  const isSearch = (request) => request.postData()?.includes('search(') ?? false;
  let go;
  const mayAnswer = new Promise((resolve) => (go = resolve));
  await context.route('**/graphql', async (route) => {
    if (isSearch(route.request())) await mayAnswer;
    return route.continue();
  });
  const isAsked = page.waitForRequest(isSearch);
  await box.fill('ka');
  await isAsked;
  const isAnswered = page.waitForResponse((response) => isSearch(response.request()));
  await page.getByRole('option').filter({ hasText: 'Cell' }).first().click();
  await page.waitForSelector('[data-cell-figure]');
  go();
  await (await isAnswered).finished();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(await page.locator('[role=option]:visible').count(), 0);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('who has opened a cell while an address was still being located stays with the cell', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&view=table');
  await page.waitForSelector('tbody tr');
  await page.getByRole('combobox', { name: /Search/ }).fill('a');
  const building = page.getByRole('option').filter({ has: page.locator('.kind', { hasText: 'Building' }) }).first();
  await building.waitFor();
  const isLocating = (request) => request.postData()?.includes('locate(') ?? false;
  let go;
  const mayAnswer = new Promise((resolve) => (go = resolve));
  await context.route('**/graphql', async (route) => {
    if (!isLocating(route.request())) return route.continue();
    await mayAnswer;
    const cell = { code: 'elsewhere', level: 'cell', names: [] };
    return route.fulfill({ json: { data: { locate: { cell, ancestors: [], candidates: [] } } } });
  });
  const isAsked = page.waitForRequest(isLocating);
  await building.click();
  await isAsked;
  await page.locator('tbody th button').first().click();
  await page.waitForSelector('[data-cell-figure]');
  const opened = page.url();
  const isAnswered = page.waitForResponse((response) => isLocating(response.request()));
  go();
  await (await isAnswered).finished();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(page.url(), opened);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});
