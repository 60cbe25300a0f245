// Users in the browser: created with a link, a password of their own, keys that are shown once, tokens of a session, and
// what an admin sees and stops; the audit log; what a viewer is not offered.

import assert from 'node:assert/strict';
import { isAccessible } from './axe.mjs';
import { Person, button, dialog, story, until } from './browser.mjs';
import { URL_, api, removeSession, runningSession } from './server.mjs';

const field = (within, name) => within.getByRole('textbox', { name, exact: true });
const secretField = field;
const PASSWORD = 'a password of some length';

async function choose(page, user, entry) {
  await page.getByRole('button', { name: `Actions for ${user}` }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

/** The row of a user: whole names, since `lin` is a part of `link`. */
const rowOf = (page, user) => page.getByRole('row').filter({ has: page.getByText(user, { exact: true }) });

const status = async (token, path) => (await fetch(`${URL_}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;

story('a user is created, logs in by the link, sets a password and comes back with it', async (person) => {
  const page = await person.open('/settings');
  await page.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('heading', { level: 1, name: 'Users' }).waitFor();
  await page.getByText('You are alone here').waitFor();
  await isAccessible(page, 'alone');
  await button(page, 'New user').first().click();
  const asked = dialog(page, 'New user');
  await button(asked, 'Create user').click();
  await asked.getByText('Give a name.').first().waitFor();
  await isAccessible(page, 'a new user');
  await field(asked, 'Name').fill('OWNER');
  await button(asked, 'Create user').click();
  await asked.getByText('another user has this name', { exact: false }).first().waitFor();
  await field(asked, 'Name').fill('ada');
  await page.keyboard.press('Enter');
  await asked.waitFor({ state: 'detached' });
  const link = await page.locator('.once code').innerText();
  await rowOf(page, 'ada').waitFor();
  await isAccessible(page, 'users');

  const ada = await Person.arrive();
  const hers = await ada.open(link);
  await hers.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  await hers.goto('/settings');
  await hers.getByText('opens sessions and has what is theirs', { exact: false }).waitFor();
  await button(hers, 'Set a password').click();
  const setting = dialog(hers, 'Set your password');
  await secretField(setting, 'New password').fill('short');
  await button(setting, 'Set password').click();
  await setting.getByText('Give at least 12 characters.').first().waitFor();
  await isAccessible(hers, 'setting a password');
  await secretField(setting, 'New password').fill(PASSWORD);
  await button(setting, 'Set password').click();
  await setting.waitFor({ state: 'detached' });
  await button(hers, 'Change password').waitFor();
  // She is no admin: the page of users says so.
  await hers.goto('/users');
  await hers.getByText('this is for the owner and admins', { exact: false }).first().waitFor();
  await hers.goto('/settings');
  await button(hers, 'Log out').click();
  await hers.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await hers.getByRole('radio', { name: 'Password' }).check();
  await isAccessible(hers, 'logging in by password');
  await field(hers, 'Name').fill('ada');
  await secretField(hers, 'Password').fill('a password of another kind');
  await button(hers, 'Log in').click();
  await hers.getByText('no user has this name and this password', { exact: false }).first().waitFor();
  await secretField(hers, 'Password').fill(PASSWORD);
  await hers.keyboard.press('Enter');
  await hers.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();

  // Disabled, she is out; enabled, her password opens again; deleted, she is gone.
  await choose(page, 'ada', 'Disable');
  await rowOf(page, 'ada').getByText('disabled').waitFor();
  await hers.reload();
  await hers.getByRole('heading', { level: 1, name: 'Log in' }).waitFor();
  await choose(page, 'ada', 'Enable');
  await rowOf(page, 'ada').getByText('enabled').waitFor();
  await choose(page, 'ada', 'Edit');
  const editing = dialog(page, 'Edit ada');
  await field(editing, 'Name').fill('lin');
  await button(editing, 'Save').click();
  await rowOf(page, 'lin').waitFor();
  await choose(page, 'lin', 'Delete');
  const deleting = dialog(page, 'Delete lin?');
  await isAccessible(page, 'deleting a user');
  await field(deleting, 'Type delete to confirm').fill('delete');
  await button(deleting, 'Delete').click();
  await page.getByText('You are alone here').waitFor();
  assert.equal((await api('GET', '/users')).items.length, 1);
  assert.deepEqual(ada.faults, []);
  await ada.context.close();
});

story('a key is made, shown once and withdrawn', async (person) => {
  const page = await person.open('/settings');
  await button(page, 'New key').click();
  const asked = dialog(page, 'New API key');
  await button(asked, 'Create key').click();
  await asked.getByText('Give it a name.').first().waitFor();
  await isAccessible(page, 'a new key');
  await field(asked, 'Name').fill('nightly');
  await asked.getByRole('checkbox', { name: /^Look/ }).check();
  await button(asked, 'Create key').click();
  await asked.waitFor({ state: 'detached' });
  const secret = await page.locator('.once code').innerText();
  assert.equal(await status(secret, '/api/v1/sessions'), 200);
  assert.equal(await status(secret, '/api/v1/users'), 403);
  const row = page.getByRole('row').filter({ hasText: 'nightly' });
  await row.getByText('Ask models, Look').or(row.getByText('Look, Ask models')).waitFor();
  await isAccessible(page, 'keys');
  await page.reload();
  await row.waitFor();
  assert.equal(await page.getByText(secret).count(), 0);
  await button(page, 'Withdraw nightly').click();
  const asking = dialog(page, 'Withdraw nightly?');
  await until('the countdown', () => button(asking, 'Withdraw').isEnabled());
  await button(asking, 'Withdraw').click();
  await page.getByText('You have no keys.').waitFor();
  assert.equal(await status(secret, '/api/v1/sessions'), 401);
});

story('a session has tokens for its programs, and an admin stops it', async (person) => {
  const session = await runningSession('one');
  const page = await person.open(`/sessions/${session.id}/api`);
  await page.getByRole('heading', { name: 'Named tokens' }).waitFor();
  await field(page, 'Name of a new token').fill('notebook');
  await page.keyboard.press('Enter');
  const secret = await page.locator('.once code').innerText();
  assert.equal(await status(secret, '/v1/models'), 200);
  await isAccessible(page, 'named tokens');
  await button(page, 'Withdraw notebook').click();
  await page.getByText('There are none.').waitFor();
  assert.equal(await status(secret, '/v1/models'), 401);

  await page.goto('/users');
  const row = page.getByRole('table', { name: 'What runs' }).getByRole('row').filter({ hasText: 'owner' });
  await button(row, 'Stop the session of owner').click();
  const asking = dialog(page, 'Stop this session of owner?');
  await until('the countdown', () => button(asking, 'Stop').isEnabled());
  await button(asking, 'Stop').click();
  await page.getByText('Nothing runs on this machine.').waitFor();
  await removeSession(session);
});

story('the audit log is read, asked and checked, and what all may have together is set', async (person) => {
  const session = await runningSession('told');
  await removeSession(session);
  const page = await person.open('/users');
  await button(page, 'Quotas of all').click();
  const quotas = dialog(page, 'Quotas of all together');
  await quotas.getByRole('spinbutton', { name: 'Running at once' }).fill('3');
  await isAccessible(page, 'quotas of all');
  await button(quotas, 'Save').click();
  await quotas.waitFor({ state: 'detached' });
  const live = (await api('GET', '/machine/quotas')).items.find(({ kind }) => kind === 'live');
  assert.deepEqual([live.limit, live.source], [3, 'set']);
  await api('PATCH', '/machine/quotas', { live: null });

  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
  const table = page.getByRole('table', { name: 'Audit log' });
  await table.getByText('Changed quotas').first().waitFor();
  await button(page, 'Check the log').click();
  await page.getByText(/entries, each as it was written/).waitFor();
  await isAccessible(page, 'the audit log');
  await page.getByLabel(/^What was done: /).click();
  await page.getByRole('option', { name: 'Deleted a session' }).click();
  await table.getByText('Changed quotas').first().waitFor({ state: 'detached' });
  const told = table.getByRole('row').filter({ hasText: session.id });
  await told.getByText('owner').waitFor();
  await button(told, session.id).click();
  await page.getByLabel(/^What was done: /).click();
  await page.getByRole('option', { name: 'Everything' }).click();
  await table.getByText('Created a session').waitFor();
  assert.ok(page.url().includes(`target=${session.id}`));
  await page.goto(`/audit?action=password.remove&target=${session.id}`);
  await page.getByText('Nothing of that kind').waitFor();
  await isAccessible(page, 'nothing in the audit log');
  await button(page, 'Show everything').click();
  await table.getByText('Deleted a session').first().waitFor();
});

story('a viewer is told so, and is offered nothing that would be refused', async () => {
  const vera = await api('POST', '/users', { name: 'vera', role: 'viewer' });
  const { url } = await api('POST', `/users/${vera.id}/login-links`);
  const person = await Person.arrive();
  const page = await person.open(url);
  await page.getByText('You are a viewer here', { exact: false }).waitFor();
  await page.getByText('No sessions yet').waitFor();
  assert.equal(await page.getByRole('link', { name: 'New session' }).count(), 0);
  await isAccessible(page, 'the sessions of a viewer');
  await page.goto('/models');
  await page.getByText('You are a viewer here', { exact: false }).waitFor();
  await page.getByText('final').first().waitFor();
  assert.equal(await page.getByRole('link', { name: /^Start a session/ }).count(), 0);
  assert.equal(await button(page, 'Add a model').count(), 0);
  await page.goto('/users');
  await page.getByText('a viewer looks at things', { exact: false }).first().waitFor();
  await api('DELETE', `/users/${vera.id}?confirm=delete`);
  await person.context.close();
});

story('the pages of people fit a phone, in the dark', async (person) => {
  await api('POST', '/users', { name: 'a name that is rather long, as some are', role: 'viewer' });
  const page = await person.open('/users');
  await page.getByRole('list').first().waitFor();
  await isAccessible(page, 'users on a phone');
  await page.goto('/audit');
  await page.getByRole('listitem').first().waitFor();
  await isAccessible(page, 'the audit log on a phone');
  await page.goto('/settings');
  await button(page, 'New key').waitFor();
  await isAccessible(page, 'settings on a phone');
}, { theme: 'dark', viewport: { width: 390, height: 800 } });
