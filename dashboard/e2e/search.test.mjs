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
  assert.equal(shown.filter((text) => text.endsWith(` ${incident.detail}`)).length, 0, `the code ${incident.detail} is shown`);
  await close();
});
