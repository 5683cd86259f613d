// A report that could not be sent is kept, and sent once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MAP_WITHIN_MS, ask, comesToBe, demoDistrict, fragment, mapIsLive, openPage, startBrowser, token, url } from './harness.mjs';

let browser;
let district;
before(async () => {
  browser = await startBrowser();
  district = await demoDistrict();
});
after(() => browser.close());

/** Waits until the browser's own store holds so many reports. Not by `waitForFunction`: it takes any promise for true. */
async function stored(page, wanted) {
  const count = () =>
    page.evaluate(async () => {
      const request = indexedDB.open('gridward');
      const database = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const counted = database.transaction('reports').objectStore('reports').count();
      const waiting = await new Promise((resolve) => (counted.onsuccess = () => resolve(counted.result)));
      database.close();
      return waiting;
    });
  const end = Date.now() + MAP_WITHIN_MS;
  while ((await count()) !== wanted) {
    assert.ok(Date.now() < end, `the browser's store does not come to hold ${wanted} reports`);
    await pause(100);
  }
}

/** Writes a report on a page without a connection. */
async function reportOffline(page, context, text) {
  await mapIsLive(page);
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'Middle of the map' }).click();
  await context.setOffline(true);
  await page.getByText('There is no connection. The report will be kept').waitFor();
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.getByText('Not sent yet.').waitFor();
  // What waits is shown before the browser has written it down; only then does an empty store mean that it was sent.
  await stored(page, 1);
}

async function incidentsWith(text) {
  const document = 'query($district: String!) { incidents(district: $district, orderBy: NEWEST, first: 50) { nodes { text occurredAt reportedAt } } }';
  const { incidents } = await ask(document, { district: district.code });
  return incidents.nodes.filter((incident) => incident.text === text);
}

async function filed(text) {
  return (await incidentsWith(text)).length;
}

test('a report made offline waits in the browser and is filed once when the connection is back', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&panel=report', { signedIn: true });
  const text = `Kept while offline ${Date.now()}`;
  await reportOffline(page, context, text);
  const writtenBy = Date.now();
  await context.setOffline(false);
  await stored(page, 0);
  await page.waitForSelector('[data-receipt]');
  assert.equal(await page.getByText('Not sent yet.').count(), 0);
  assert.equal(await page.locator('aside.side [role=alert]').count(), 0, 'the report was not refused');
  const [incident, ...others] = await incidentsWith(text);
  assert.equal(others.length, 0);
  assert.ok(Date.parse(incident.occurredAt) <= writtenBy, `it happened at ${incident.occurredAt}, when it was written`);
  assert.ok(Date.parse(incident.reportedAt) >= writtenBy, `it was reported at ${incident.reportedAt}, when it came`);
  await close();
});

test('a device whose clock is an hour fast reports as of now', async () => {
  const { page, close } = await openPage(browser, '?lang=en&panel=report', { signedIn: true, fastBy: 3_600_000 });
  const text = `From a fast clock ${Date.now()}`;
  await mapIsLive(page);
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'Middle of the map' }).click();
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.waitForSelector('[data-receipt]');
  const [incident] = await incidentsWith(text);
  assert.equal(incident.occurredAt, incident.reportedAt);
  await stored(page, 0);
  await close();
});

test('who comes next at the same browser sees that a report waits but not what it says, and its sender sends it', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&panel=report', { signedIn: true });
  const text = `Seen by its sender only ${Date.now()}`;
  await reportOffline(page, context, text);
  await page.locator('[data-waiting]').getByText(text).waitFor();
  await page.locator('header').getByRole('button', { name: 'Dispatcher' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await context.setOffline(false);
  await mapIsLive(page);
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await page.locator('[data-waiting-others]').getByText('1 report by somebody else').waitFor();
  assert.equal(await page.getByText(text).count() + await page.locator('[data-waiting], .banner').count(), 0);
  assert.equal(await filed(text), 0);

  await page.evaluate((token) => (location.hash = `token=${token}`), token);
  await stored(page, 0);
  assert.equal(await filed(text), 1);
  await close();
});

test('a report from the form is sent with one request and announced as nothing that waited', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&panel=report', { signedIn: true });
  const keys = [];
  await context.route('**/graphql', async (route) => {
    const { variables } = route.request().postDataJSON();
    if (variables.input?.clientKey) {
      keys.push(variables.input.clientKey);
      // What waits is sent whenever the page comes into view: also now, while this one is on its way.
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    }
    await route.continue();
  });
  await mapIsLive(page);
  await page.selectOption('#category', district.category);
  await page.fill('#text', `Sent once ${Date.now()}`);
  await page.getByRole('button', { name: 'Middle of the map' }).click();
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.waitForSelector('[data-receipt]');
  await stored(page, 0);
  assert.equal(keys.length, 1, `the client keys sent: ${keys}`);
  assert.equal(await page.locator('.banner').count(), 0);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

/** A page without a map, whose device knows where it is. What the set names is refused until it names it no more. */
async function openWithoutMap(refused, onReport = async () => undefined) {
  const { lon, lat } = district.middle;
  const opened = await openPage(browser, 'favicon.svg', { permissions: ['geolocation'], geolocation: { longitude: lon, latitude: lat, accuracy: 20 } });
  await opened.context.route('**/graphql', async (route) => {
    const { operationName, variables } = route.request().postDataJSON();
    if (refused.has(operationName)) return route.abort();
    if (operationName === 'ReportIncident') await onReport(variables.input);
    return route.continue();
  });
  return opened;
}

/** Writes a report that is refused on its way, and waits until the browser's store holds so many. */
async function reportInVain(page, text, wanted) {
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'My position' }).click();
  await page.waitForSelector('[data-draft]');
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.getByText('Not sent yet.').waitFor();
  await stored(page, wanted);
}

test('a report that waits is sent without a socket too, as soon as the server has said whose page it is', async () => {
  const refused = new Set(['ReportIncident']);
  const { page, context, close } = await openWithoutMap(refused);
  // Opened, and never answered: so does a proxy that knows no sockets.
  await context.routeWebSocket(/\/graphql\/ws$/, () => undefined);
  await page.goto(`${url}/?lang=en&view=table&panel=report&district=${district.code}${fragment(true)}`);
  const text = `Sent without a socket ${Date.now()}`;
  await reportInVain(page, text, 1);

  // The outbox looks when the page opens: then nobody knows whose page it is.
  refused.add('Viewer');
  await page.reload();
  await page.locator('[data-waiting]').getByText(text).waitFor();
  assert.equal(await filed(text), 0);
  refused.clear();
  await page.locator('[data-waiting]').waitFor({ state: 'detached' });
  await page.getByText('1 report that waited was sent. Receipt: ').waitFor();
  assert.equal(await page.evaluate(() => document.querySelector('.indicator').classList.contains('live')), false);
  assert.equal(await filed(text), 1);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('a report that is discarded while another is on its way is not sent', async () => {
  const refused = new Set(['ReportIncident']);
  const sent = [];
  let goOn;
  const mayGoOn = new Promise((resolve) => (goOn = resolve));
  const { page, context, close } = await openWithoutMap(refused, async ({ text }) => {
    sent.push(text);
    await mayGoOn;
  });
  await page.goto(`${url}/?lang=en&view=table&panel=report${fragment(true)}`);
  const [first, second] = ['first', 'second'].map((which) => `The ${which} to wait ${Date.now()}`);
  await reportInVain(page, first, 1);
  await page.getByRole('button', { name: 'Report another' }).click();
  await reportInVain(page, second, 2);
  refused.clear();
  await comesToBe(() => sent, [first]);
  await page.locator('[data-waiting]').filter({ hasText: second }).getByRole('button', { name: 'Discard' }).click();
  await stored(page, 1);
  goOn();
  await stored(page, 0);
  await page.getByText('1 report that waited was sent. Receipt: ').waitFor();
  assert.deepEqual(sent, [first]);
  assert.equal(await filed(second), 0);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('a report that hangs on a dead line is given up and sent again, without anybody\'s doing', async () => {
  const refused = new Set(['ReportIncident']);
  const keys = [];
  const { page, context, close } = await openWithoutMap(refused, async ({ clientKey }) => {
    // The first one is never heard of again.
    if (keys.push(clientKey) === 1) await new Promise(() => undefined);
  });
  await page.clock.install();
  await page.goto(`${url}/?lang=en&view=table&panel=report${fragment(true)}`);
  const text = `Not lost on a dead line ${Date.now()}`;
  await reportInVain(page, text, 1);
  refused.clear();
  await comesToBe(() => keys.length, 1);
  await comesToBe(async () => {
    await page.clock.fastForward(15_000);
    return keys.length > 1;
  }, true);
  await page.locator('[data-waiting]').waitFor({ state: 'detached' });
  await stored(page, 0);
  assert.equal(new Set(keys).size, 1, `the client keys sent: ${keys}`);
  assert.equal(await filed(text), 1);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('a report that waits is sent without a socket to a sender who has signed in anew', async () => {
  const refused = new Set(['ReportIncident']);
  const { page, context, close } = await openWithoutMap(refused);
  await context.routeWebSocket(/\/graphql\/ws$/, () => undefined);
  await page.goto(`${url}/?lang=en&view=table&panel=report&district=${district.code}${fragment(true)}`);
  const text = `Sent under a new token ${Date.now()}`;
  await reportInVain(page, text, 1);
  // As if it had been written under a token that has run out since: whose it is, only the server can say.
  await page.evaluate(async () => {
    const told = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
    const database = await told(indexedDB.open('gridward'));
    const reports = database.transaction('reports', 'readwrite').objectStore('reports');
    const [report] = await told(reports.getAll());
    await told(reports.put({ ...report, mark: 'another' }));
    database.close();
  });
  await page.reload();
  await page.locator('[data-waiting]').getByText(text).waitFor();
  refused.clear();
  await stored(page, 0);
  assert.equal(await page.evaluate(() => document.querySelector('.indicator').classList.contains('live')), false);
  assert.equal(await filed(text), 1);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('a report that is discarded on one page is not sent by another page of the same browser', async () => {
  const refused = new Set(['ReportIncident']);
  const sent = [];
  const { page, context } = await openWithoutMap(refused, async ({ text }) => void sent.push(text));
  const place = `${url}/?lang=en&view=table&panel=report${fragment(true)}`;
  await page.goto(place);
  const [first, second] = ['first', 'second'].map((which) => `The ${which} on two pages ${Date.now()}`);
  await reportInVain(page, first, 1);
  await page.getByRole('button', { name: 'Report another' }).click();
  await reportInVain(page, second, 2);
  const other = await context.newPage();
  await other.goto(place);
  await other.locator('[data-waiting]').getByText(first).waitFor();
  await page.locator('[data-waiting]').filter({ hasText: first }).getByRole('button', { name: 'Discard' }).click();
  await stored(page, 1);
  await other.locator('[data-waiting]').filter({ hasText: first }).waitFor({ state: 'detached' });
  // The other page alone sends what is left.
  await page.close();
  refused.clear();
  await other.locator('[data-waiting]').waitFor({ state: 'detached' });
  await stored(other, 0);
  assert.deepEqual(sent, [second]);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await context.close();
});

test('a report that is discarded while it is on its way does not come back when it is refused', async () => {
  const { page, context, close } = await openWithoutMap(new Set(['ReportIncident']));
  await page.goto(`${url}/?lang=en&view=table&panel=report${fragment(true)}`);
  await reportInVain(page, `Discarded on its way ${Date.now()}`, 1);
  let isOnItsWay = false;
  let goOn;
  const mayGoOn = new Promise((resolve) => (goOn = resolve));
  await context.route('**/graphql', async (route) => {
    if (route.request().postDataJSON().operationName !== 'ReportIncident') return route.fallback();
    isOnItsWay = true;
    await mayGoOn;
    const problems = [{ code: 'UNKNOWN_CATEGORY', message: 'there is no such category', path: ['category'], params: [] }];
    return route.fulfill({ json: { data: { reportIncident: { incident: null, receipt: null, problems, replayed: false } } } });
  });
  await page.getByRole('button', { name: 'Send now' }).click();
  await comesToBe(() => isOnItsWay, true);
  await page.locator('[data-waiting]').getByRole('button', { name: 'Discard' }).click();
  await stored(page, 0);
  const isAnswered = page.waitForResponse((response) => response.request().postData()?.includes('reportIncident(') ?? false);
  goOn();
  await (await isAnswered).finished();
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  assert.equal(await page.locator('[data-waiting]').count(), 0);
  await stored(page, 0);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('a report that was filed has its receipt also where the browser cannot take it out of its store', async () => {
  const { page, context, close } = await openWithoutMap(new Set());
  await context.addInitScript(() => {
    IDBObjectStore.prototype.delete = () => {
      throw new DOMException('the connection to the store is lost', 'InvalidStateError');
    };
  });
  await page.goto(`${url}/?lang=en&view=table&panel=report${fragment(true)}`);
  const text = `Filed, and not forgotten ${Date.now()}`;
  await page.selectOption('#category', district.category);
  await page.fill('#text', text);
  await page.getByRole('button', { name: 'My position' }).click();
  await page.waitForSelector('[data-draft]');
  await page.getByRole('button', { name: 'Send report' }).click();
  await page.waitForSelector('[data-receipt]');
  assert.equal(await page.locator('[data-waiting]').count(), 0);
  assert.equal(await filed(text), 1);
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});
