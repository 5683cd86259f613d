// The button that opens the report form is no second way to send it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, mapIsLive, openPage, startBrowser } from './harness.mjs';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/** Whether the middle of it is what is seen there: not scrolled away, and nothing lies over it. */
function isOnTop(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}

for (const [name, viewport] of [['1440 px', WIDE], ['390 px', NARROW]]) {
  test(`an open report form has the one button that stands out, and the one that opened it leads to the first field, at ${name}`, async () => {
    const { page, close } = await openPage(browser, '?lang=en', { viewport });
    await mapIsLive(page);
    const opener = page.getByRole('button', { name: 'Report', exact: true });
    assert.equal(await opener.getAttribute('aria-current'), null);
    await opener.click();
    await page.waitForSelector('#category');
    assert.equal(await opener.getAttribute('aria-current'), 'page');
    assert.deepEqual(await page.locator('button.primary:visible').allTextContents(), ['Send report']);
    for (const seen of [page.getByRole('heading', { name: 'Report an incident' }), page.getByRole('button', { name: 'Send report' })]) {
      assert.ok(await seen.evaluate(isOnTop), `${await seen.textContent()} is in view`);
    }

    await page.selectOption('#category', { index: 1 });
    await page.fill('#text', 'Reported by who presses everything');
    await opener.click();
    await page.waitForFunction(() => document.activeElement.id === 'category');
    assert.equal(await page.inputValue('#text'), 'Reported by who presses everything');

    await page.getByRole('button', { name: 'Middle of the map' }).click();
    await page.waitForSelector('[data-draft]');
    await page.getByRole('button', { name: 'Send report' }).click();
    await page.waitForSelector('[data-receipt]');
    await opener.click();
    await page.waitForFunction(() => document.activeElement.id === 'category');
    assert.equal(await page.inputValue('#text'), '');
    await close();
  });
}
