// A report that could not be sent is kept, and sent once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, demoDistrict, mapIsLive, openPage, startBrowser } from './harness.mjs';

let browser;
let district;
before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(() => browser.close());

/** Waits until the browser's own store holds so many reports. */
function stored(page, wanted) {
  const holds = async (wanted) => {
    const request = indexedDB.open('gridward');
    const database = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const count = database.transaction('reports').objectStore('reports').count();
    const waiting = await new Promise((resolve) => (count.onsuccess = () => resolve(count.result)));
    database.close();
    return waiting === wanted;
  };
  return page.waitForFunction(holds, wanted, { timeout: 30_000 });
}

test('a report made offline waits in the browser and is filed once when the connection is back', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&panel=report', { signedIn: true });
  await mapIsLive(page);
  const text = `Kept while offline ${Date.now()}`;
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'Middle of the map' }).click();
  await context.setOffline(true);
  await page.getByText('There is no connection. The report will be kept').waitFor();
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.getByText('Not sent yet.').waitFor();
  // What waits is shown before the browser has written it down; only then does an empty store mean that it was sent.
  await stored(page, 1);
  await context.setOffline(false);
  await stored(page, 0);
  assert.equal(await page.locator('aside.side [role=alert]').count(), 0, 'the report was not refused');
  const { incidents } = await ask('query($district: String!) { incidents(district: $district, orderBy: NEWEST, first: 50) { nodes { text } } }', { district: district.code });
  assert.equal(incidents.nodes.filter((incident) => incident.text === text).length, 1);
  await close();
});
