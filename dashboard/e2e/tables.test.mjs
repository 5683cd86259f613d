// The tables show what matters most at every width, tell incidents apart, and stay what they were after a reload.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, openPage, startBrowser, townIsThere } from './harness.mjs';

const SIZES = [['1440 px', WIDE], ['1280 px', { width: 1280, height: 800 }], ['390 px', NARROW]];
let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

for (const lang of ['en', 'zh-CN']) {
  for (const [name, viewport] of SIZES) {
    test(`what is open, due and overdue in a cell is in view at ${name} in ${lang}`, async () => {
      const { page, close } = await openPage(browser, `?lang=${lang}&view=table`, { viewport });
      await page.waitForSelector('tbody tr');
      const cut = await page.evaluate(() => {
        const edge = document.querySelector('.scroll').getBoundingClientRect().right;
        return [...document.querySelectorAll('tbody tr:first-child > :nth-child(-n + 4)')].filter((cell) => cell.getBoundingClientRect().right > edge).length;
      });
      assert.equal(cut, 0);
      assert.match(await page.locator('thead th').nth(3).textContent(), /Overdue|超期/);
      assert.ok(await page.getByText('© OpenStreetMap contributors').isVisible(), 'who made the map is told');
      await close();
    });
  }
}

test('the table of incidents is still there after a reload, and its rows can be told apart', async () => {
  for (const signedIn of [false, true]) {
    const { page, close } = await openPage(browser, '?lang=en&view=table', { signedIn });
    await page.waitForSelector('tbody tr');
    await page.getByRole('button', { name: 'Open incidents', exact: true }).click();
    await page.waitForSelector('[data-incident]');
    await page.reload();
    await page.waitForSelector('[data-incident]');
    const named = await page.locator('[data-incident] small').allTextContents();
    assert.ok(named.every((text) => (signedIn ? text !== '' : /^Incident \d{5}$/.test(text))), JSON.stringify(named));
    assert.ok(new Set(named).size > named.length / 2, JSON.stringify(named));
    await close();
  }
});

test('the numbers of one column have the same number of decimals', async () => {
  await townIsThere();
  const { page, close } = await openPage(browser, '?lang=en&view=table&district=demo-cn');
  await page.waitForSelector('tbody tr');
  for (const column of [5, 7]) {
    const texts = await page.locator(`tbody tr > :nth-child(${column})`).allTextContents();
    assert.ok(texts.every((text) => text === '–' || /^[\d,]+\.\d( ha)?$/.test(text)), JSON.stringify(texts));
  }
  await close();
});
