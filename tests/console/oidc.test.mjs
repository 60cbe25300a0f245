// Logging in by an identity provider, on another site than the server: there, and back to where one was.

import assert from 'node:assert/strict';
import { isAccessible } from './axe.mjs';
import { button, story } from './browser.mjs';
import { PROVIDER, URL_, api } from './server.mjs';

const options = { isStranger: true, elsewhere: PROVIDER };
const link = (page) => page.getByRole('link', { name: 'Continue with Example' });

story('somebody logs in at the provider and comes back to the page that was asked for', async (person) => {
  const page = await person.open('/models?q=demo');
  await page.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await link(page).waitFor();
  await isAccessible(page, 'logging in by a provider');
  await link(page).click();
  await page.waitForURL((url) => url.origin === PROVIDER);
  await page.getByPlaceholder('Enter any login').fill('ada');
  await page.getByPlaceholder('and password').fill('any');
  await button(page, 'Sign-in').click();
  await button(page, 'Continue').click();
  await page.waitForURL(`${URL_}/models?q=demo`);
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();

  // A reload is of the server's own: the login stands. Settings say how; logging out ends it.
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
  await page.goto('/settings');
  await page.getByText('You can log in by your identity provider.').waitFor();
  await button(page, 'Log out').click();
  await link(page).waitFor();

  const { items } = await api('GET', '/users');
  const ada = items.find((user) => user.name === 'ada');
  assert.deepEqual(ada.identity, { issuer: PROVIDER, subject: 'ada' });
  await api('PATCH', `/users/${ada.id}`, { disabled: true });
  await link(page).click();
  await button(page, 'Continue').click();
  await page.getByText('Your user is disabled here.', { exact: false }).waitFor();
  await isAccessible(page, 'refused after a provider');
  assert.equal(new URL(page.url()).origin, URL_);
}, options);

story('who cancels at the provider is told so, and can try again', async (person) => {
  const page = await person.open('/sessions/new');
  await link(page).click();
  await page.waitForURL((url) => url.origin === PROVIDER);
  await page.getByRole('link', { name: 'Cancel' }).click();
  await page.getByText('You were not logged in', { exact: false }).waitFor();
  assert.equal(await link(page).getAttribute('href'), '/api/v1/login/oidc?next=%2Fsessions%2Fnew');
}, options);

story('an admin sees how people log in, and says whom the provider logs in as whom', async (person) => {
  await api('POST', '/users', { name: 'grace', role: 'viewer' });
  const page = await person.open('/users');
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  await row('ada').getByText('provider').waitFor();
  await row('grace').getByText('link').waitFor();
  await page.getByRole('button', { name: 'Actions for grace' }).click();
  await page.getByRole('menuitem', { name: 'Edit', exact: true }).click();
  const editing = page.getByRole('dialog', { name: 'Edit grace' });
  const subject = editing.getByRole('textbox', { name: 'Subject' });
  await subject.fill('ada');
  await button(editing, 'Save').click();
  await editing.getByText('another user is signed in by this subject', { exact: false }).first().waitFor();
  await isAccessible(page, 'a subject that is taken');
  await subject.fill('grace at the provider');
  await button(editing, 'Save').click();
  await row('grace').getByText('provider').waitFor();
}, { elsewhere: PROVIDER });
