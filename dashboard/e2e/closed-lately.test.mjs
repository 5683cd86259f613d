// What is closed while its cell is open is listed there.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, clientKey, demoDistrict, locate, mapIsLive, openPage, startBrowser } from './harness.mjs';

const CHANGE = 'mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) { incident { version } problems { code message } } }';
let browser;
let district;

before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(() => browser.close());

/** Reports an incident of a category and closes it. */
async function reportAndClose(category, { lon, lat }) {
  const input = { clientKey: clientKey(), district: district.code, category, text: 'Closed at once', position: { lon, lat, datum: 'WGS84' } };
  const { reportIncident } = await ask('mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { incident { id version } } }', { input });
  const { id } = reportIncident.incident;
  let { version } = reportIncident.incident;
  for (const action of [{ dispatch: {} }, { close: { note: 'Done' } }]) {
    const { changeIncident } = await ask(CHANGE, { input: { clientKey: clientKey(), id, expectedVersion: version, action } });
    assert.deepEqual(changeIncident.problems, []);
    ({ version } = changeIncident.incident);
  }
}

test('what is closed while its cell is open is listed there', async () => {
  const cell = await locate(district, district.middle);
  const { page, close } = await openPage(browser, `?lang=en&cell=${encodeURIComponent(cell)}`, { signedIn: true });
  await mapIsLive(page);
  const listed = page.locator('[data-closed-lately] li button');
  await listed.first().waitFor();
  const before = await listed.allTextContents();
  const { district: found } = await ask('query($code: String!) { district(code: $code) { categories { code names { language text } } } }', { code: district.code });
  const nameOf = ({ names }) => names.find(({ language }) => language === 'en').text;
  const unlisted = found.categories.find((category) => !before.includes(nameOf(category)));
  await reportAndClose(unlisted.code, district.middle);
  await listed.filter({ hasText: nameOf(unlisted) }).first().waitFor();
  await close();
});
