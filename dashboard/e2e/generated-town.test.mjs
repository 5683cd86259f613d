// The demo's second district: a person comes to it from the first, and sees there which datum the map is in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, ask, comesToBe, fragment, mapIsLive, openPage, startBrowser, townIsThere } from './harness.mjs';

let browser;

before(async () => {
  browser = await startBrowser();
  await townIsThere();
});
after(() => browser.close());

const figure = (page) => page.locator('[data-figure=cells]').first();

test('a person comes from one district to the other, and back by the browser', async () => {
  const { page, close } = await openPage(browser, '?lang=zh-CN');
  await mapIsLive(page);
  assert.equal(await page.locator('.datums').count(), 0, 'nothing is shifted in Helsinki');
  await page.locator('header select').selectOption('demo-cn');
  await page.waitForURL(/district=demo-cn/);
  await page.locator('.datums').waitFor();
  await mapIsLive(page);
  // The map is drawn by the district's bounds, the figure is of its cells.
  await comesToBe(() => figure(page).textContent(), '56');
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('header select').value === 'demo');
  await close();
});

for (const [width, viewport] of [['1440', WIDE], ['390', NARROW]]) {
  test(`at ${width} px the map says its datum and gives a clicked place in both`, async () => {
    const { page, context, close } = await openPage(browser, '?district=demo-cn&lang=zh-CN', { viewport });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await mapIsLive(page);
    await page.getByRole('button', { name: '地图以 WGS 84 显示' }).click();
    const numbers = async (datum) => (await page.locator(`[data-datum="${datum}"]`).textContent()).split(', ').map(Number);
    const middle = await numbers('WGS 84');
    const box = await page.locator('canvas.maplibregl-canvas').boundingBox();
    await page.mouse.click(box.x + box.width * 0.7, box.y + box.height * 0.75);
    await page.getByRole('heading', { name: '点选处' }).waitFor();
    const [wgs84, gcj02] = [await numbers('WGS 84'), await numbers('GCJ-02')];
    assert.notDeepEqual(wgs84, middle);
    const { locate } = await ask(
      'query($position: PositionInput!) { locate(district: "demo-cn", position: $position) { position { lon lat } } }',
      { position: { lon: wgs84[0], lat: wgs84[1], datum: 'WGS84' } },
    );
    assert.deepEqual([locate.position.lon, locate.position.lat], wgs84);
    const [east, north] = [gcj02[0] - wgs84[0], gcj02[1] - wgs84[1]];
    assert.ok(east > 0.005 && east < 0.008 && north < 0 && north > -0.003, `shifted by ${east}, ${north}`);
    const drawn = await page.evaluate(() => globalThis.gridward.map.getSource('shift').serialize().data.features.length);
    assert.equal(drawn, 3);
    await page.getByRole('button', { name: '复制 GCJ-02 坐标' }).click();
    await page.getByText('已复制 GCJ-02 坐标。').waitFor();
    assert.deepEqual((await page.evaluate(() => navigator.clipboard.readText())).split(', ').map(Number), gcj02);
    await close();
  });
}

test('who is signed in for one district is the public in the other, is told so, and has a way back', async () => {
  const { page, close } = await openPage(browser, '?lang=en', { signedIn: true });
  await page.locator('header').getByRole('button', { name: 'Dispatcher' }).waitFor();
  await page.locator('header select').selectOption('demo-cn');
  await page.getByText('You are signed in for Helsinki centre (demo); here you see what is public.').waitFor();
  assert.equal(await page.locator('header').getByRole('button', { name: 'Dispatcher' }).count(), 0);
  await page.getByRole('button', { name: 'Go to Helsinki centre (demo)' }).click();
  await page.locator('header').getByRole('button', { name: 'Dispatcher' }).waitFor();
  assert.equal(await page.locator('header select').inputValue(), 'demo');
  await close();
});

test('where the address names no district, a sign-in link leads to its own and not to the first', async () => {
  const { page, context, close } = await openPage(browser, 'favicon.svg');
  await context.route('**/graphql', async (route) => {
    const response = await route.fetch();
    const json = await response.json();
    if (json.data?.districts) json.data.districts.sort((first, second) => second.code.localeCompare(first.code));
    await route.fulfill({ response, json });
  });
  await page.goto(`${process.env.GRIDWARD_URL}/?lang=en${fragment(true)}`);
  await page.locator('header').getByRole('button', { name: 'Dispatcher' }).waitFor();
  await page.waitForFunction(() => document.querySelector('header select')?.value === 'demo');
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await close();
});

test('the whole town lies beside the legend, and stays in view when a panel opens', async () => {
  const { page, close } = await openPage(browser, '?lang=en&district=demo-cn');
  const inView = () =>
    page.evaluate(async () => {
      const { map } = globalThis.gridward;
      const box = (selector) => document.querySelector(selector).getBoundingClientRect();
      const { districts: found } = (await (await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ districts { code bounds { west south east north } } }"}' })).json()).data;
      const { west, south, east, north } = found.find(({ code }) => code === 'demo-cn').bounds;
      const [from, to] = [map.project([west, north]), map.project([east, south])];
      const legend = box('.legend');
      const room = box('.map');
      const isBeside = from.x >= legend.right - room.left || to.y <= legend.top - room.top;
      return isBeside && from.x >= 0 && from.y >= 0 && to.x <= room.width && to.y <= room.height;
    });
  await mapIsLive(page);
  await comesToBe(inView, true);
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await page.waitForSelector('#category');
  await page.waitForFunction(() => globalThis.gridward.map.loaded() && globalThis.gridward.map.getContainer().clientWidth < 900);
  // The map learns of its new width after the page has it.
  await comesToBe(inView, true);
  await close();
});
