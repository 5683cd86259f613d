// The content security policy is as strict as it was tried; nothing comes from another host.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mapIsLive, openPage, startBrowser, token, url } from './harness.mjs';

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

test('an operation goes on to the bundled GraphiQL, which runs it under the same policy and as the same person', async () => {
  const { page, context, close } = await openPage(browser, '?lang=en&view=table', { signedIn: true });
  await page.locator('tbody th button').first().click();
  await page.getByRole('button', { name: 'Show the GraphQL behind this' }).click();
  const opened = context.waitForEvent('page');
  await page.getByRole('link', { name: 'Open GraphiQL' }).click();
  const explorer = await opened;
  // The button is there before the editor has the query.
  await explorer.locator('.query-editor, .graphiql-query-editor').getByText('Cell').first().waitFor({ timeout: 60_000 });
  await explorer.getByRole('button', { name: /Execute query/ }).click();
  await explorer.locator('.result-window').getByText('"cell"').first().waitFor({ timeout: 60_000 });
  assert.match(await explorer.locator('.query-editor, .graphiql-query-editor').first().textContent(), /query Cell/);
  assert.equal(await explorer.evaluate(() => sessionStorage.getItem('gridward.token')), token);
  assert.deepEqual(await explorer.evaluate(() => globalThis.refusedByPolicy ?? []), []);
  await close();
});

test('a refused token asks to sign in again and shows what is public meanwhile', async () => {
  const { page, close } = await openPage(browser, '?lang=en#token=no-such-token');
  await page.getByText('This token is not valid').first().waitFor();
  await mapIsLive(page);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('gridward.token')), null);
  assert.ok(!page.url().includes('no-such-token'), 'the token is out of the address');
  await close();
});
