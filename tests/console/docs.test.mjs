// The documentation as pages: read, searched and asked, by anybody, with scripts and without.

import assert from 'node:assert/strict';
import { isAccessible } from './axe.mjs';
import { story } from './browser.mjs';

const stranger = { isStranger: true };
const box = (page) => page.getByRole('combobox', { name: 'Search or ask the documentation' });

story('pages are read, searched as one types, and copied from', async (person) => {
  const page = await person.open('/docs');
  await page.getByRole('heading', { level: 1, name: 'Start here' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/docs/start');
  await isAccessible(page, 'a page of the documentation');

  // A sample as it stands, the button beside it and not over it.
  const sample = page.locator('.sample').first();
  await sample.getByRole('button', { name: 'Copy' }).click();
  await sample.getByRole('button', { name: 'Copied' }).waitFor();
  const code = await sample.locator('pre').innerText();
  assert.equal((await page.evaluate(() => navigator.clipboard.readText())).trim(), code.trim());

  await page.getByRole('navigation', { name: 'Documentation' }).getByRole('link', { name: 'Troubleshooting' }).click();
  await page.getByRole('heading', { level: 1, name: 'Troubleshooting' }).waitFor();
  await isAccessible(page, 'the longest page');

  // By the keyboard alone.
  await page.keyboard.press('/');
  await page.keyboard.type('service un');
  await page.getByRole('option').first().waitFor();
  await isAccessible(page, 'what is found while one types');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/docs\/operating#service-unit$/);
  await page.getByRole('heading', { name: 'Service unit' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('backup');
  await page.getByRole('option').first().waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('option').count(), 0);
}, stranger);

story('a question is answered on its page, and nothing in it runs', async (person) => {
  const page = await person.open('/docs/start');
  await box(page).fill('Can I pause a session?');
  await box(page).press('Enter');
  const answer = page.getByRole('region', { name: 'Answer' });
  await answer.getByText('No, a session cannot be paused.').waitFor();
  await isAccessible(page, 'an answer');

  const hostile = '<img src=x onerror=alert(1)> stop "><script>alert(1)</script>';
  await box(page).fill(hostile);
  await box(page).press('Enter');
  await page.waitForURL(/onerror/);
  assert.equal(await box(page).inputValue(), hostile);
  assert.equal(await page.locator('main img, main script').count(), 0);

  await page.goto('/docs/pausing-a-session');
  await page.getByRole('heading', { level: 1, name: 'No such page' }).waitFor();
  await isAccessible(page, 'no such page');
}, stranger);

story('without scripts the pages are read and searched all the same', async (person) => {
  const page = await person.open('/docs/models');
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  await page.getByRole('searchbox', { name: 'Search or ask the documentation' }).fill('idle limit');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('heading', { level: 1, name: 'Search' }).waitFor();
  await page.getByRole('main').getByRole('link').first().click();
  await page.waitForURL(/\/docs\/[a-z-]+/);
}, { ...stranger, javaScriptEnabled: false });

story('on a phone no page is wider than the screen', async (person) => {
  const page = await person.open('/docs/start');
  for (const name of ['start', 'create-a-session', 'integrate-a-model', 'configuration', 'api-reference', 'troubleshooting']) {
    await page.goto(`/docs/${name}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const { scrolled, wide } = await page.evaluate(() => ({ scrolled: document.documentElement.scrollWidth, wide: window.innerWidth }));
    assert.ok(scrolled <= wide, `${name} is ${scrolled} pixels wide`);
  }
  await isAccessible(page, 'a page on a phone');
}, { ...stranger, viewport: { width: 360, height: 740 } });

story('the console asks the documentation and leads to where it stands', async (person) => {
  const page = await person.open('/documentation');
  await page.getByRole('searchbox', { name: 'Your question' }).fill('where is my data stored?');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'where is my data stored?' }).waitFor();
  await page.getByText('XDG_DATA_HOME').first().waitFor();
  await isAccessible(page, 'an answer in the console');
  await page.getByRole('list').getByRole('link', { name: 'Where is my data stored?' }).click();
  await page.waitForURL(/\/docs\/start#where-is-my-data-stored$/);

  await page.goto('/documentation?ask=Who%20won%20the%20cup%3F');
  await page.getByText('does not answer this question', { exact: false }).waitFor();
});
