// What the browser tests share: a browser, pages that keep a list of what the content security policy refused, the API.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';

export const url = process.env.GRIDWARD_URL;
export const token = process.env.GRIDWARD_TOKEN;
export const workerToken = process.env.GRIDWARD_WORKER_TOKEN;
assert.ok(url, 'GRIDWARD_URL is not set; start with npm run test:browser');

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };
/** For whatever a test waits for: on a busy machine the frames of software GL take seconds, and a click waits for two of them. */
export const MAP_WITHIN_MS = 90_000;
const TOWN_WITHIN_MS = 180_000;

export async function startBrowser() {
  const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
}

/** Signs a page in by its address; `signedIn` may also be 'worker', who works for one cell. */
export function fragment(signedIn) {
  return signedIn ? `#token=${signedIn === 'worker' ? workerToken : token}` : '';
}

/** A page with a profile of its own, whose clock is fast by so many milliseconds. `close` fails when the policy refused anything or the page threw. */
export async function openPage(browser, path, { viewport = WIDE, base = url, signedIn = false, fastBy = 0, ...options } = {}) {
  // A service worker answers before `route` is asked: only a test about it allows it.
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', locale: 'en-GB', serviceWorkers: 'block', ...options });
  context.setDefaultTimeout(MAP_WITHIN_MS);
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? String(error)));
  await context.addInitScript(() => {
    globalThis.refusedByPolicy = [];
    addEventListener('securitypolicyviolation', (event) => globalThis.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await context.addInitScript((fastBy) => {
    const now = Date.now.bind(Date);
    if (fastBy) Date.now = () => now() + fastBy;
  }, fastBy);
  await page.goto(`${base}/${path}${fragment(signedIn)}`);
  const close = async () => {
    const refused = await page.evaluate(() => globalThis.refusedByPolicy);
    await context.close();
    assert.deepEqual(refused, [], 'the content security policy refused something');
    assert.deepEqual(errors, [], 'the page threw');
  };
  return { page, context, close };
}

/** Waits until the map has drawn and the first snapshot has come; where they do not, fails with what the page says. */
export async function mapIsLive(page) {
  const isLive = () => globalThis.gridward?.map.loaded() && globalThis.gridward.live.status === 'live';
  await page.waitForFunction(isLive).catch(async (error) => {
    const found = await page.evaluate(() => ({
      isMapMade: globalThis.gridward !== undefined,
      isMapDrawn: globalThis.gridward?.map.loaded(),
      status: globalThis.gridward?.live.status,
      text: document.body.innerText.slice(0, 600),
    }));
    throw new Error(`the map is not live: ${JSON.stringify(found)}`, { cause: error });
  });
}

/** Waits until what `read` finds equals what is expected; where it never does, fails with what it found last. */
export async function comesToBe(read, expected) {
  const end = Date.now() + MAP_WITHIN_MS;
  for (let found = await read(); !isDeepStrictEqual(found, expected); found = await read()) {
    if (Date.now() > end) assert.deepEqual(found, expected);
    await pause(100);
  }
}

/** Waits until the demo has made its second district, which it does while it runs. */
export async function townIsThere() {
  for (const end = Date.now() + TOWN_WITHIN_MS; ; await pause(250)) {
    const { districts } = await ask('{ districts { code } }');
    if (districts.some(({ code }) => code === 'demo-cn')) return;
    assert.ok(Date.now() < end, 'demo-cn is not made in time');
  }
}

/** Asks the API as somebody who may dispatch. */
export async function ask(query, variables = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

export function clientKey() {
  const time = Date.now().toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  const variant = ((parseInt(random[3], 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

/** The district, its middle, and a category to report. */
export async function demoDistrict() {
  const { districts } = await ask('{ districts { code } }');
  const code = districts.find((district) => district.code === 'demo')?.code ?? districts[0].code;
  const { district } = await ask('query($code: String!) { district(code: $code) { bounds { west south east north } categories { code } mapVersion } }', { code });
  const { west, south, east, north } = district.bounds;
  return { code, bounds: district.bounds, middle: { lon: (west + east) / 2, lat: (south + north) / 2 }, category: district.categories[0].code };
}

/** Files an incident and answers with its id. */
export async function report(district, { lon, lat }, text) {
  const input = { clientKey: clientKey(), district: district.code, category: district.category, text, position: { lon, lat, datum: 'WGS84' } };
  const { reportIncident } = await ask(
    'mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { incident { id version } problems { code message } } }',
    { input },
  );
  assert.deepEqual(reportIncident.problems, []);
  return reportIncident.incident.id;
}

export async function locate(district, { lon, lat }) {
  const { locate: location } = await ask(
    'query($district: String!, $position: PositionInput!) { locate(district: $district, position: $position) { cell { code } } }',
    { district: district.code, position: { lon, lat, datum: 'WGS84' } },
  );
  return location.cell.code;
}
