// No view breaks a rule of axe, wide or narrow.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { NARROW, WIDE, ask, demoDistrict, fragment, locate, mapIsLive, openPage, startBrowser, url } from './harness.mjs';

// Not by addScriptTag: the content security policy of the page refuses it, as it should.
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser;
let views;

before(async () => {
  browser = await startBrowser();
  const district = await demoDistrict();
  const cell = encodeURIComponent(await locate(district, district.middle));
  const { incidents } = await ask('query($district: String!) { incidents(district: $district, filter: { open: true }, first: 1) { nodes { id } } }', { district: district.code });
  const incident = encodeURIComponent(incidents.nodes[0].id);
  views = {
    'the map': { path: '?lang=en', isReady: mapIsLive },
    'the map in Chinese': { path: '?lang=zh-CN', isReady: mapIsLive },
    'a cell': { path: `?lang=en&cell=${cell}`, isReady: (page) => page.waitForSelector('[data-cell-figure]') },
    'the operation behind a cell': {
      path: `?lang=en&cell=${cell}`,
      isReady: async (page) => {
        await page.waitForSelector('[data-cell-figure]');
        await page.getByRole('button', { name: 'Show the GraphQL behind this' }).click();
      },
    },
    'an incident, signed in': { path: `?lang=en&incident=${incident}`, signedIn: true, isReady: (page) => page.waitForSelector('[data-incident-stage]') },
    'a report with gaps': {
      path: '?lang=zh-CN&panel=report',
      isReady: async (page) => {
        await page.waitForSelector('#category');
        await page.getByRole('button', { name: '提交上报' }).click();
        await page.getByText('请选择类别。').waitFor();
      },
    },
    'a worker of one cell': { path: '?lang=zh-CN', signedIn: 'worker', isReady: mapIsLive },
    'signed in': { path: '?lang=en&panel=sign-in&view=table', signedIn: true, isReady: (page) => page.getByText('Signed in as').waitFor() },
    'without a connection': {
      path: '?lang=zh-CN',
      isReady: async (page) => {
        await mapIsLive(page);
        await page.context().setOffline(true);
        await page.getByRole('button', { name: '立即重连' }).waitFor();
      },
    },
    'a report': { path: '?lang=en&panel=report', isReady: (page) => page.waitForSelector('#category') },
    'the sign-in': { path: '?lang=en&panel=sign-in', isReady: (page) => page.waitForSelector('#token') },
    'the table of cells': { path: '?lang=en&view=table', isReady: (page) => page.waitForSelector('tbody tr') },
    'the table of incidents': {
      path: '?lang=zh-CN&view=table',
      isReady: async (page) => {
        await page.waitForSelector('tbody tr');
        await page.getByRole('button', { name: '未结事件', exact: true }).click();
        await page.waitForSelector('[data-incident]');
      },
    },
    'search results': {
      path: '?lang=en&view=table',
      isReady: async (page) => {
        await page.waitForSelector('tbody tr');
        await page.getByRole('combobox', { name: /Search/ }).fill('a');
        await page.waitForSelector('[role=option]');
      },
    },
    'search without a hit': {
      path: '?lang=en&view=table',
      isReady: async (page) => {
        await page.waitForSelector('tbody tr');
        await page.getByRole('combobox', { name: /Search/ }).fill('qqqzzz');
        await page.getByText('Nothing found').first().waitFor();
      },
    },
    'a report that waits': {
      path: '?lang=en&panel=report',
      isReady: async (page) => {
        await mapIsLive(page);
        await page.selectOption('#category', district.category);
        await page.fill('#text', 'Kept by the browser');
        await page.getByRole('button', { name: 'Middle of the map' }).click();
        await page.context().setOffline(true);
        await page.getByRole('button', { name: 'Send report' }).click();
        await page.waitForSelector('[data-waiting]');
      },
    },
    loading: { path: '?lang=en', answer: () => undefined, isReady: (page) => page.getByText('Loading').last().waitFor() },
    'a district without cells': { path: '?lang=zh-CN', answer: withoutPlan, isReady: (page) => page.waitForSelector('text=尚未导入网格') },
    'no district': { path: '?lang=en&district=nowhere', isReady: (page) => page.waitForSelector('text=There is no such district') },
    'an error': { path: '?lang=en', answer: (route) => route.fulfill({ status: 503, body: '' }), isReady: (page) => page.waitForSelector('[role=alert]') },
  };
});
after(() => browser.close());

/** The server's answers, as if the district's cells were still to be imported. */
async function withoutPlan(route) {
  const response = await route.fetch();
  const json = await response.json();
  if (json.data?.district) json.data.district.planVersion = null;
  await route.fulfill({ response, json });
}

async function violations(page) {
  await page.evaluate(axeSource);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run());
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
}

async function check(viewport) {
  const found = {};
  for (const [name, { path, isReady, signedIn = false, answer }] of Object.entries(views)) {
    const { page, context, close } = await openPage(browser, 'favicon.svg', { viewport });
    if (answer) await context.route('**/graphql', answer);
    await page.goto(`${url}/${path}${fragment(signedIn)}`);
    await isReady(page);
    const broken = await violations(page);
    if (broken.length > 0) found[name] = broken;
    // The page asks on, and an answer that is made up while it closes would be an error of this test.
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await close();
  }
  assert.deepEqual(found, {});
}

/** The controls whose words are cut off, and the parts of the page that are wider than their room. */
function clipped() {
  const cut = [...document.querySelectorAll('button, label, dt, dd, h2, h3, legend')].filter(
    (element) => element.checkVisibility() && !element.matches('.visually-hidden, .visually-hidden *') && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 2,
  );
  const wider = [...document.querySelectorAll('html, header, .overview, .side, .tables, .bottom')].filter((element) => element.scrollWidth > element.clientWidth + 2);
  return { cut: cut.map((element) => element.textContent.trim()), wider: wider.map((element) => `${element.tagName} ${element.className}`) };
}

test('letters of twice the size, as the browser is set, cut nothing off at 390 px', async () => {
  const found = {};
  for (const path of ['?lang=en', '?lang=zh-CN&panel=report', '?lang=en&panel=sign-in', '?lang=zh-CN&view=table']) {
    const { page, context, close } = await openPage(browser, path, { viewport: NARROW });
    const session = await context.newCDPSession(page);
    await session.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } });
    await page.reload();
    await page.waitForFunction(() => parseFloat(getComputedStyle(document.documentElement).fontSize) === 32);
    await page.waitForSelector(':is([data-figure=open], #category, #token, tbody tr):visible');
    const { cut, wider } = await page.evaluate(clipped);
    if (cut.length > 0 || wider.length > 0) found[path] = { cut, wider };
    await close();
  }
  assert.deepEqual(found, {});
});

test('no view breaks a rule of axe at 1440 px, and the policy refuses nothing', () => check(WIDE));
test('no view breaks a rule of axe at 390 px, and the policy refuses nothing', () => check(NARROW));
