// A connection that is cut for half a minute resumes where it broke.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MAP_WITHIN_MS, demoDistrict, mapIsLive, openPage, report, startBrowser, url } from './harness.mjs';
import { startProxy } from './proxy.mjs';

const CUT_MS = 30_000;
const INCIDENT_COUNT = 20;

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

/** The `subscribe` messages that a page sends, as they leave. */
function subscribeMessages(page) {
  const messages = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      const message = JSON.parse(String(payload));
      if (message.type === 'subscribe' && message.payload.query.includes('incidentChanges')) messages.push(message.payload.variables);
    }),
  );
  return messages;
}

test('after 30 s without a connection a page resumes by its cursor, without a snapshot, and has each of 20 incidents once', async () => {
  const { page, close } = await openPage(browser, 'favicon.svg', { base: proxy.base, viewport: { width: 1000, height: 640 } });
  const sent = subscribeMessages(page);
  await page.goto(`${proxy.base}/?lang=en`);
  await mapIsLive(page);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].after ?? null, null, 'the first subscription asks for a snapshot');

  proxy.cut();
  const cutAt_ms = Date.now();
  await page.locator('.indicator').getByText('Reconnecting').waitFor();
  const batchesBefore = await page.evaluate(() => globalThis.gridward.live.trace.incidentBatches.length);
  const ids = [];
  const { west, south, east, north } = district.bounds;
  for (let index = 0; index < INCIDENT_COUNT; index++) {
    const place = { lon: west + ((east - west) * (index + 4)) / 28, lat: south + ((north - south) * (27 - index)) / 32 };
    ids.push(await report(district, place, `While the line was cut, ${index + 1} of ${INCIDENT_COUNT}`));
  }
  await pause(Math.max(0, CUT_MS - (Date.now() - cutAt_ms)));
  await page.locator('.indicator').getByText('Offline').waitFor();
  proxy.mend();

  await page.waitForFunction((wanted) => {
    const { live } = globalThis.gridward;
    const gone = new Set(live.trace.incidentBatches.flatMap((batch) => batch.left));
    return live.status === 'live' && wanted.every((id) => live.incidents.has(id) || gone.has(id));
  }, ids);
  const batches = await page.evaluate((from) => globalThis.gridward.live.trace.incidentBatches.slice(from), batchesBefore);
  assert.deepEqual(batches.filter((batch) => batch.kind === 'SNAPSHOT' || batch.kind === 'RESYNC'), [], 'no snapshot after the cut');
  assert.ok(typeof sent.at(-1).after === 'string' && sent.length > 1, 'resumed with `after`');
  const received = batches.flatMap((batch) => batch.upserts).filter((version) => ids.includes(version.split('@')[0]));
  assert.equal(new Set(received).size, received.length, 'no version of an incident came twice');
  assert.deepEqual(new Set(received.map((version) => version.split('@')[0])), new Set(ids), 'each of them came');

  await page.getByRole('button', { name: 'Table' }).first().click();
  await page.getByRole('button', { name: 'Open incidents' }).click();
  const more = page.locator('main').getByRole('button', { name: /^Show \d+ more$/ });
  // The last of them may be solved, and the button gone, before it is clicked.
  for (const end = Date.now() + MAP_WITHIN_MS; Date.now() < end && (await more.count()) > 0; ) await more.last().click({ timeout: 5_000 }).catch(() => undefined);
  const rows = await page.locator('[data-incident]').evaluateAll((elements) => elements.map((element) => element.dataset.incident));
  const open = await page.evaluate((wanted) => wanted.filter((id) => globalThis.gridward.live.incidents.has(id)), ids);
  for (const id of open) assert.equal(rows.filter((row) => row === id).length, 1, `${id} stands once in the table`);
  await close();
});
