// The ways in: the link that the server printed, a token, and back to where one was.

import assert from 'node:assert/strict';
import { button, story } from './browser.mjs';
import { TOKEN, runningSession } from './server.mjs';

const isAt = (path) => (url) => url.pathname + url.search === path;

async function enter(page, token = TOKEN) {
  await page.getByRole('textbox', { name: 'Token', exact: true }).fill(token);
  await button(page, 'Log in').click();
}

story('the link opens the console once', async (person) => {
  const page = await person.open(process.env.VIVA_LOGIN_LINK);
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/');

  await person.context.clearCookies();
  await page.goto(process.env.VIVA_LOGIN_LINK);
  await page.getByText('This login link was used already', { exact: false }).waitFor();
}, { isStranger: true });

story('a token opens it, and leads to the page that was asked for', async (person) => {
  const page = await person.open('/models?q=demo');
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await page.getByText('Log in to go on where you were.').waitFor();

  await enter(page, ' ');
  await page.getByText('Paste a token.').first().waitFor();
  await enter(page, 'a-token-that-nobody-has');
  const field = page.getByRole('textbox', { name: 'Token', exact: true });
  await page.locator('form').getByText(/token/i).nth(1).waitFor();
  assert.equal(await field.inputValue(), 'a-token-that-nobody-has');
  assert.equal(await field.getAttribute('type'), 'password');
  await button(page, 'Show the token').click();
  assert.equal(await field.getAttribute('type'), 'text');

  await enter(page);
  await page.waitForURL(isAt('/models?q=demo'));
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
}, { isStranger: true });

story('a login that has expired comes back to the very place', async (person) => {
  const session = await runningSession('left alone');
  const place = `/sessions/${session.id}/history?q=capital`;
  const page = await person.open(place);
  await page.getByRole('heading', { level: 1, name: 'left alone' }).waitFor();

  await person.context.clearCookies();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await enter(page);
  await page.waitForURL(isAt(place));
  await page.getByRole('heading', { level: 1, name: 'left alone' }).waitFor();
  assert.equal(await page.getByRole('searchbox').inputValue(), 'capital');

  await page.getByRole('link', { name: 'Settings' }).click();
  await button(page, 'Log out').click();
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await page.goto(`/sessions/${session.id}/history`);
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
});
