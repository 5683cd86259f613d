// The content security policy is as strict as it was tried; nothing comes from another host.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mapIsLive, openPage, startBrowser, url } from './harness.mjs';

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

test('the page comes with a policy that allows no inline script or style, and keeps to it', async () => {
  const policy = (await fetch(`${url}/`)).headers.get('content-security-policy') ?? '';
  const directives = Object.fromEntries(policy.split(';').map((part) => part.trim().split(/\s+/)).map(([name, ...values]) => [name, values.join(' ')]));
  assert.equal(directives['default-src'], "'none'");
  assert.equal(directives['script-src'], "'self'");
  assert.equal(directives['style-src'], "'self'");
  assert.equal(directives['frame-ancestors'], "'none'");

  const { page, close } = await openPage(browser, '?lang=en&panel=report');
  const foreign = [];
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && origin !== url) foreign.push(request.url());
  });
  await mapIsLive(page);
  await page.getByRole('button', { name: 'Middle of the map' }).click();
  await page.getByRole('button', { name: 'Show the GraphQL behind this' }).click();
  await page.getByRole('button', { name: '中文' }).click();
  await page.waitForSelector('html[lang=zh-CN]');
  assert.deepEqual(foreign, []);
  await close();
});

test('a refused token asks to sign in again and shows what is public meanwhile', async () => {
  const { page, close } = await openPage(browser, '?lang=en#token=no-such-token');
  await page.getByText('The token is no longer valid').first().waitFor();
  await mapIsLive(page);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('gridward.token')), null);
  assert.ok(!page.url().includes('no-such-token'), 'the token is out of the address');
  await close();
});
