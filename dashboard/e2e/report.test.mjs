// The report form says what is missing in the language of the page, and works on while the connection does not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, demoDistrict, mapIsLive, openPage, startBrowser } from './harness.mjs';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

test('what is missing in a report is named at once, in the language of the page, and the first of it has the focus', async () => {
  const { page, close } = await openPage(browser, '?lang=zh-CN&panel=report', { viewport: NARROW });
  await mapIsLive(page);
  await page.getByRole('button', { name: '提交上报' }).click();
  for (const sentence of ['请选择类别。', '请简要说明发生了什么。', '请指明地点：点击地图或获取位置。']) await page.getByText(sentence).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'category');
  await page.selectOption('#category', { index: 1 });
  await page.getByText('请选择类别。').waitFor({ state: 'detached' });
  await page.getByText('请简要说明发生了什么。').waitFor();
  await close();
});

for (const [name, viewport] of [['1440 px', WIDE], ['390 px', NARROW]]) {
  test(`going on to the report form without a connection leaves the map where it is, at ${name}`, async () => {
    const { page, context, close } = await openPage(browser, '?lang=en', { viewport });
    await mapIsLive(page);
    await context.setOffline(true);
    await page.getByText('No connection to the server.').waitFor();
    await page.getByRole('button', { name: 'Report', exact: true }).click();
    await page.waitForSelector('#category');
    // Asked anew, the server would be found absent within this time.
    await page.getByText('There is no connection. The report will be kept').waitFor();
    await page.getByRole('button', { name: 'Middle of the map' }).click();
    await page.waitForSelector('[data-draft]');
    assert.equal(await page.getByText('The server cannot be reached').count(), 0);
    assert.ok(await page.locator('.maplibregl-canvas').isVisible());
    await page.getByRole('button', { name: 'Reconnect now' }).waitFor();
    await close();
  });
}

test('a position of the device is drawn with its accuracy, and the cells it could be in share it out', async () => {
  const { middle } = await demoDistrict();
  const options = { permissions: ['geolocation'], geolocation: { longitude: middle.lon, latitude: middle.lat, accuracy: 400 } };
  const { page, close } = await openPage(browser, '?lang=en&panel=report', options);
  await mapIsLive(page);
  await page.getByRole('button', { name: 'My position' }).click();
  await page.waitForFunction(() => globalThis.gridward.map.queryRenderedFeatures({ layers: ['report-accuracy'] }).length > 0);
  // The circle is drawn as soon as the device answers, the shares once the server does.
  await page.locator('.located .share').nth(1).waitFor();
  const shares = await page.locator('.located .share').allTextContents();
  const total = shares.reduce((sum, share) => sum + Number.parseInt(share, 10), 0);
  assert.ok(Math.abs(total - 100) <= shares.length, JSON.stringify(shares));
  await close();
});

test('closing a panel leads the keyboard back to what opened it', async () => {
  const { page, close } = await openPage(browser, '?lang=en&view=table');
  await page.waitForSelector('tbody tr');
  // As incidents come and go the rows change places, unless they stand by name; one that is moved loses the focus.
  await page.locator('thead').getByRole('button', { name: 'Name' }).click();
  await page.waitForSelector('thead th:first-child[aria-sort=descending]');
  const opener = await page.locator('tbody th button').nth(1).elementHandle();
  const name = await opener.textContent();
  await opener.focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-cell-figure]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('[data-cell-figure]', { state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), name);
  await close();
});

test('the operation behind an empty report form is one that can be sent', async () => {
  const { page, close } = await openPage(browser, '?lang=en&panel=report');
  await mapIsLive(page);
  await page.getByRole('button', { name: 'Show the GraphQL behind this' }).click();
  const { input } = JSON.parse(await page.getByRole('group', { name: 'Variables' }).last().textContent());
  assert.match(input.clientKey, /^[0-9a-f-]{36}$/);
  for (const field of ['district', 'category', 'text', 'channel']) assert.ok(input[field], `${field} is ${input[field]}`);
  assert.equal(typeof input.position.lon, 'number');
  await close();
});
