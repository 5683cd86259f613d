// What the page still shows and says when something does not come: the connection, the tiles.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fragment, mapIsLive, openPage, startBrowser } from './harness.mjs';

const OFFLINE_FOR_MS = 15_000;
let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

test('without a connection an incident shows what the list knows of it, and the rest when the connection is back', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en', { signedIn: true });
  await mapIsLive(page);
  await context.setOffline(true);
  await page.getByText('No connection to the server.').waitFor();
  // This incident, and not whichever comes first by the time of the click.
  const first = await page.locator('.overview li button').first().elementHandle();
  const category = await first.evaluate((button) => button.querySelector('b').textContent);
  const errors = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await first.click();
  await page.waitForSelector('[data-known-stage]');
  assert.equal(await page.locator('aside.side h2').textContent(), category);
  await page.locator('aside.side').getByText('Clear by').waitFor();
  await pause(OFFLINE_FOR_MS);
  // One for the question about this incident, one for an attempt that was under way.
  assert.ok(errors.length <= 2, errors.join('\n'));
  // The map asks for tiles as it is moved; what it has drawn stays, and the banner says why no more comes.
  const asked = page.waitForEvent('requestfailed', (request) => request.url().includes('/tiles/'));
  await page.evaluate(() => globalThis.gridward.map.jumpTo({ zoom: globalThis.gridward.map.getZoom() + 3 }));
  await asked;
  await page.waitForFunction(() => globalThis.gridward.map.areTilesLoaded());
  assert.equal(await page.getByText('The map could not be loaded.').count(), 0);
  await context.setOffline(false);
  await page.waitForSelector('[data-incident-stage]');
  await close();
});

test('a map without its tiles says so, and draws them when it is asked again', async () => {
  const { page, context, close } = await openPage(browser, 'favicon.svg');
  let asked = 0;
  let gone = true;
  await context.route('**/tiles/**', (route) => {
    asked += 1;
    return gone ? route.abort() : route.continue();
  });
  await page.goto(`${process.env.GRIDWARD_URL}/?lang=en`);
  const failed = page.getByRole('alert').getByText('The map could not be loaded.');
  await failed.waitFor();
  await page.waitForFunction(() => globalThis.gridward?.live.status === 'live');
  // A connection that stands asks again by itself: that must have failed as well before anybody asks by hand.
  let before = -1;
  const isUnderWay = () => page.evaluate(() => !globalThis.gridward.map.areTilesLoaded());
  for (let tries = 0; tries < 20 && (before !== asked || !(await failed.isVisible()) || (await isUnderWay())); tries += 1) {
    before = asked;
    await page.waitForTimeout(1000);
  }
  await failed.waitFor();
  gone = false;
  await page.locator('main').getByRole('button', { name: 'Try again' }).click();
  await failed.waitFor({ state: 'detached' });
  await page.waitForFunction(() => globalThis.gridward.map.queryRenderedFeatures({ layers: ['cell-fill'] }).length > 0);
  await close();
});

test('when the connection is back, a page that could show nothing asks once, and waits to hear whose page it is', async () => {
  const { page, context, close } = await openPage(browser, 'favicon.svg');
  // The next attempt then waits for the browser's word instead of a clock.
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false }));
  let gone = true;
  const asked = [];
  let tellAnswered;
  const answered = new Promise((resolve) => (tellAnswered = resolve));
  await context.route('**/graphql', async (route) => {
    if (gone) return route.abort();
    const { operationName } = route.request().postDataJSON();
    asked.push(operationName);
    // Whose page it is comes after all that could be told without it.
    if (operationName === 'Viewer') await answered.then(() => pause(500));
    await route.fulfill({ response: await route.fetch() });
    if (operationName === 'Districts') tellAnswered();
    return undefined;
  });
  await page.goto(`${process.env.GRIDWARD_URL}/?lang=en${fragment(true)}`);
  await page.getByText('The server cannot be reached').waitFor();
  gone = false;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.locator('header').getByRole('button', { name: 'Dispatcher' }).waitFor();
  await page.waitForSelector('[data-figure=cells]');
  assert.deepEqual(asked.slice(0, asked.indexOf('District')).sort(), ['Districts', 'Viewer']);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});
