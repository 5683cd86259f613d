// What the page says to those who are told of a part only.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, ask, clientKey, demoDistrict, mapIsLive, openPage, report, startBrowser } from './harness.mjs';

let browser;
let district;
before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(() => browser.close());

for (const [name, viewport] of [['1440 px', WIDE], ['390 px', NARROW]]) {
  test(`who works for one cell is told whose figures these are, and of no other cell that nothing is open, at ${name}`, async () => {
    const { page, close } = await openPage(browser, '?lang=en', { signedIn: 'worker', viewport });
    await mapIsLive(page);
    // Without the cells there are neither names nor colours.
    await page.waitForFunction(() => document.querySelector('[data-figure=cells]').textContent !== '0');
    const sentence = await page.getByText('Your area:').textContent();
    const { cells } = await ask('query($district: String!) { cells(district: $district, level: "cell", first: 200) { nodes { code names { language text } } } }', { district: district.code });
    const nameOf = (cell) => cell.names.find((other) => other.language === 'en').text;
    const own = cells.nodes.find((cell) => sentence.includes(nameOf(cell)));
    const other = cells.nodes.find((cell) => cell.code !== own.code);
    const steps = await page.evaluate(
      (codes) => codes.map((id) => globalThis.gridward.map.getFeatureState({ source: 'grid', sourceLayer: 'cells', id }).step),
      [own.code, other.code],
    );
    assert.ok(steps[0] >= 0, `the own cell has the step ${steps[0]}`);
    assert.equal(steps[1], -1);
    await page.goto(`${process.env.GRIDWARD_URL}/?lang=en&cell=${encodeURIComponent(other.code)}`);
    await page.getByText('This cell is not in your area').waitFor();
    assert.equal(await page.locator('[data-cell-figure]').count(), 0);
    await close();
  });
}

test('a token that is not valid is said to be so, and the page goes on as the public', async () => {
  const { page, close } = await openPage(browser, '?lang=en&panel=sign-in');
  await page.fill('#token', 'not-a-token');
  await page.locator('aside').getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('This token is not valid').waitFor();
  await mapIsLive(page);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await close();
});

test('a district that does not exist leads on to those that do', async () => {
  const { page, close } = await openPage(browser, '?lang=en&district=nosuch');
  await page.getByText('no district “nosuch”').waitFor();
  assert.ok((await page.locator('header select option:not([disabled])').count()) > 0, 'the switcher is there');
  await page.locator('main').getByRole('button', { name: 'Helsinki centre (demo)' }).click();
  await mapIsLive(page);
  assert.equal(new URL(page.url()).searchParams.get('district'), 'demo');
  await close();
});

test('after an incident is dispatched, nothing is said of dispatching it', async () => {
  // The demo's own staff may close it first, now and then.
  for (let attempt = 1; !(await dispatchAndClose()); attempt += 1) assert.ok(attempt < 4, 'somebody else was faster each time');
});

/** Dispatches an incident and closes it; whether nobody else did. */
async function dispatchAndClose() {
  const id = await report(district, district.middle, `To be dispatched ${Date.now()}`);
  const { page, close } = await openPage(browser, `?lang=en&incident=${encodeURIComponent(id)}`, { signedIn: true });
  await page.getByText('Optional to dispatch.').waitFor();
  await page.getByRole('button', { name: 'Dispatch', exact: true }).click();
  await page.waitForSelector('[data-incident-stage=dispatched]');
  await page.getByText('Needed to close: what was done.').waitFor();
  assert.equal(await page.getByText('Optional to dispatch').count(), 0);
  // Said to those who do not see the stage change, until the next thing is done.
  await page.getByRole('status').getByText('Dispatched.').waitFor();
  const closing = page.getByLabel('Note').fill('Pipe mended').then(() => page.getByRole('button', { name: 'Close the incident' }).click());
  // Where somebody else closes it, there is no button left to wait for.
  await Promise.race([closing, page.waitForSelector('[data-incident-stage=closed]')]);
  await page.waitForSelector('[data-incident-stage=closed]');
  const { node } = await ask('query($id: ID!) { node(id: $id) { ... on Incident { history { note } } } }', { id });
  const isOurs = node.history.some(({ note }) => note === 'Pipe mended');
  if (isOurs) await page.getByRole('status').getByText('Closed.').waitFor();
  await close();
  return isOurs;
}

test('who is not the first to change an incident sees how it is now, and keeps the note', async () => {
  const id = await report(district, district.middle, `Dispatched by two ${Date.now()}`);
  const { page, close } = await openPage(browser, `?lang=en&incident=${encodeURIComponent(id)}`, { signedIn: true });
  await page.getByLabel('Note').fill('Van 7 is on its way');
  // Somebody else is faster between the page's request and the server.
  let overtaken = false;
  await page.route('**/graphql', async (route) => {
    if (!overtaken && /changeIncident/.test(route.request().postData() ?? '')) {
      overtaken = true;
      const input = { clientKey: clientKey(), id, expectedVersion: 1, action: { dispatch: {} } };
      await ask('mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) { problems { code } } }', { input });
    }
    await route.continue();
  });
  await page.getByRole('button', { name: 'Dispatch', exact: true }).click();
  await page.getByText('Somebody else was faster.').waitFor();
  await page.waitForSelector('[data-incident-stage=dispatched]');
  assert.equal(await page.getByLabel('Note').inputValue(), 'Van 7 is on its way');
  await close();
});
