// Everything that a worker does can be done without a mouse.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mapIsLive, openPage, startBrowser } from './harness.mjs';

const TABS_AT_MOST = 80;
let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/** Presses Tab until the control with this accessible name has the focus. */
async function tabTo(page, role, name) {
  const wanted = page.getByRole(role, { name, exact: true });
  for (let count = 0; count < TABS_AT_MOST; count++) {
    await page.keyboard.press('Tab');
    for (const element of await wanted.all()) {
      if (await element.evaluate((node) => node === document.activeElement)) return;
    }
  }
  assert.fail(`Tab never reached the ${role} "${name}"`);
}

test('an incident is reported and closed with the keyboard alone', async () => {
  const { page, close } = await openPage(browser, '?lang=en', { signedIn: true });
  await mapIsLive(page);
  await tabTo(page, 'button', 'Report');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#category');
  await tabTo(page, 'combobox', 'Category');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'textbox', 'What is wrong?');
  await page.keyboard.type('Reported from the keyboard');
  await tabTo(page, 'button', 'Middle of the map');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-draft]');
  await tabTo(page, 'button', 'Send report');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-receipt]');
  await tabTo(page, 'button', 'Open the incident');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-incident-stage]');
  assert.match(await page.textContent('aside.side'), /Reported from the keyboard/);
  await tabTo(page, 'textbox', 'Note');
  await page.keyboard.type('Looked after it');
  await tabTo(page, 'button', 'Close the incident');
  await page.keyboard.press('Enter');
  // The demo's own staff may be faster: then the page shows the newer state, keeps the note, and asks again.
  const isClosed = page.waitForSelector('[data-incident-stage=closed]');
  const conflict = page.getByText('Somebody else was faster').waitFor().then(() => page.keyboard.press('Enter'), () => undefined);
  await Promise.race([isClosed, conflict]);
  await isClosed;
  await page.keyboard.press('Escape');
  await page.waitForSelector('[data-incident-stage]', { state: 'detached' });
  await close();
});

test('search goes to a cell by arrow keys, and the map has its twin in a table', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en', { signedIn: true });
  await mapIsLive(page);
  await tabTo(page, 'button', 'Table');
  await page.keyboard.press('Enter');
  await page.waitForSelector('tbody tr');
  const name = (await page.locator('tbody th button').first().textContent()).trim();
  // Keys that come slowly are searched for halfway too, and what was chosen among those hits is gone with them.
  await context.route('**/graphql', (route) => {
    const { operationName, variables } = route.request().postDataJSON();
    return operationName === 'Search' && variables.text !== name ? route.abort() : route.continue();
  });
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.type(name);
  await page.waitForSelector('[role=option]');
  await page.keyboard.press('ArrowDown');
  assert.equal(await page.locator('[role=option][aria-selected=true]').count(), 1);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-cell-figure]');
  assert.match(page.url(), /cell=/);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});
