// The page opens without a connection, with what waits in it, and goes on when the connection is back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, comesToBe, demoDistrict, mapIsLive, openPage, startBrowser, url } from './harness.mjs';
import { startProxy } from './proxy.mjs';

let browser;
let district;
let proxy;
before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
  proxy = await startProxy(new URL(url));
});
after(async () => {
  await browser.close();
  proxy.close();
});

/** The browser is told so, and nothing gets through: a page that is loaded anew may ask before its browser holds it back. */
async function setOffline(context, isOffline) {
  if (isOffline) proxy.cut();
  else proxy.mend();
  await context.setOffline(isOffline);
}

/** Waits until the service worker has kept the page. */
function pageIsKept(page) {
  return page.evaluate(async () => void (await navigator.serviceWorker.ready));
}

async function filed(text) {
  const { incidents } = await ask('query($district: String!) { incidents(district: $district, orderBy: NEWEST, first: 100) { nodes { text } } }', { district: district.code });
  return incidents.nodes.filter((incident) => incident.text === text).length;
}

test('a page that is loaded again without a connection shows the report that waits, and files it once afterwards', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&panel=report', { signedIn: true, serviceWorkers: 'allow', base: proxy.base });
  await mapIsLive(page);
  await pageIsKept(page);
  const text = `Kept over a reload ${Date.now()}`;
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'Middle of the map' }).click();
  await setOffline(context, true);
  await page.getByText('There is no connection. The report will be kept').waitFor();
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.getByText('Not sent yet.').waitFor();

  await page.reload();
  await page.getByText('The server cannot be reached').waitFor();
  await page.locator('[data-waiting]').getByText(text).waitFor();
  await comesToBe(() => page.textContent('.indicator [role=status]'), 'Offline');
  assert.equal(await filed(text), 0);

  await setOffline(context, false);
  await mapIsLive(page);
  await page.locator('[data-waiting]').waitFor({ state: 'detached' });
  // Its reporter has not seen the receipt yet.
  await page.getByText('1 report that waited was sent. Receipt: ').waitFor();
  await page.getByRole('button', { name: 'Close this note' }).click();
  await page.waitForFunction(() => document.querySelector('.banner') === null);
  assert.equal(await filed(text), 1);
  await close();
});

test('a page that opens without a connection takes a new report at the position of the device, and files it once afterwards', async () => {
  const { lon, lat } = district.middle;
  const { page, context, close } = await openPage(browser, '?lang=en', {
    signedIn: true,
    serviceWorkers: 'allow',
    base: proxy.base,
    permissions: ['geolocation'],
    geolocation: { longitude: lon, latitude: lat, accuracy: 20 },
  });
  await mapIsLive(page);
  await pageIsKept(page);
  await setOffline(context, true);
  await page.reload();
  await page.getByText('You can report meanwhile').waitFor();
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  const text = `Begun without a connection ${Date.now()}`;
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'My position' }).click();
  await page.waitForSelector('[data-draft]');
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.getByText('Not sent yet.').waitFor();
  assert.equal(await filed(text), 0);

  await setOffline(context, false);
  await mapIsLive(page);
  await page.locator('[data-waiting]').waitFor({ state: 'detached' });
  assert.equal(await filed(text), 1);
  await close();
});

test('a form that is being filled in without a connection stays as it is when the connection comes back', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&panel=report', { serviceWorkers: 'allow', base: proxy.base });
  await mapIsLive(page);
  await pageIsKept(page);
  await setOffline(context, true);
  await page.reload();
  await page.selectOption('#category', district.category);
  await page.fill('#text', 'Half a sentence');
  await setOffline(context, false);
  await mapIsLive(page);
  assert.equal(await page.inputValue('#text'), 'Half a sentence');
  assert.equal(await page.inputValue('#category'), district.category);
  const kept = await page.evaluate(() => Object.fromEntries(Object.entries(localStorage)));
  assert.deepEqual(Object.keys(kept), ['gridward.districts']);
  assert.deepEqual(Object.keys(JSON.parse(kept['gridward.districts'])[0]), ['code', 'names', 'timeZone', 'exercise', 'categories']);
  await close();
});

test('nothing but files of the build is kept, and the page that was open is not taken over', async () => {
  const { page, close } = await openPage(browser, '?lang=en&view=table', { signedIn: true, serviceWorkers: 'allow' });
  await page.waitForSelector('tbody tr');
  await page.locator('tbody th button').first().click();
  await page.waitForSelector('[data-cell-figure]');
  await pageIsKept(page);
  assert.equal(await page.evaluate(() => navigator.serviceWorker.controller), null);
  await page.reload();
  await page.waitForSelector('[data-cell-figure]');
  assert.notEqual(await page.evaluate(() => navigator.serviceWorker.controller), null);
  const kept = await page.evaluate(async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return { names, paths: requests.flat().map((request) => new URL(request.url)).map((url) => url.pathname + url.search) };
  });
  assert.equal(kept.names.length, 1);
  assert.ok(kept.paths.includes('/') && kept.paths.length > 4, kept.paths.join(' '));
  assert.deepEqual(kept.paths.filter((path) => !/^\/(favicon\.svg|assets\/[\w.-]+)?$/.test(path)), []);
  await close();
});
