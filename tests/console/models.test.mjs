// A model is added, changed and removed; an upload that the network breaks off is told, and nothing that was said is lost.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { isAccessible } from './axe.mjs';
import { button, dialog, story } from './browser.mjs';
import { api } from './server.mjs';

const FILE = fileURLToPath(new URL('../../assets/demo/demo-early.gguf', import.meta.url));
const field = (within, name) => within.getByRole('textbox', { name, exact: true });

async function fillIn(asked, version) {
  await asked.getByLabel(/^File/).setInputFiles(FILE);
  await asked.getByRole('radio', { name: 'Me alone' }).check();
  await field(asked, 'Name').fill('refund-bot');
  await field(asked, 'Version').fill(version);
  await field(asked, 'Tags').fill('support');
  await field(asked, 'Tags').press('Enter');
}

story('a model is added whole, changed and removed', async (person) => {
  const page = await person.open('/models');
  await button(page, 'Add a model').click();
  const asked = dialog(page, 'Add a model');
  // Refused before a byte is sent.
  await asked.getByLabel(/^File/).setInputFiles({ name: 'notes.gguf', mimeType: 'text/plain', buffer: Buffer.from('not a model') });
  await asked.getByRole('alert').first().waitFor();
  await fillIn(asked, 'v3');
  await asked.getByRole('alert').waitFor({ state: 'detached' });
  await button(asked, 'Add 2.4 MB').click();
  await page.getByRole('link', { name: 'refund-bot:v3' }).first().waitFor();
  const { items } = await api('GET', '/models?scope=private');
  assert.deepEqual([items[0].name, items[0].version, items[0].tags, items[0].eligible], ['refund-bot', 'v3', ['support'], true]);

  await page.getByRole('link', { name: 'refund-bot:v3' }).first().click();
  await button(page, 'Edit').click();
  const editing = dialog(page, 'Edit refund-bot:v3');
  await isAccessible(page, 'editing a model');
  await field(editing, 'Version').fill('');
  await editing.getByText('A model has a version; give one.').first().waitFor();
  await field(editing, 'Version').fill('v4');
  await editing.getByRole('spinbutton', { name: 'Interactions' }).fill('7');
  await button(editing, 'Save').click();
  await page.getByRole('heading', { level: 1, name: 'refund-bot:v4' }).waitFor();
  await page.getByText('7 interactions').waitFor();
  assert.equal((await api('GET', `/models/${items[0].id}`)).limits.max_interactions, 7);

  await button(page, 'More for refund-bot:v4').click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  const removing = dialog(page, 'Remove refund-bot:v4?');
  await removing.getByText('This cannot be undone.', { exact: false }).waitFor();
  await isAccessible(page, 'removing a model');
  assert.ok(await button(removing, 'Remove').isDisabled());
  await field(removing, 'Type delete to confirm').fill('delete');
  await button(removing, 'Remove').click();
  await page.waitForURL(/\/models\?scope=private/);
  assert.deepEqual((await api('GET', '/models?scope=private')).items, []);
});

story('an upload that breaks off says so, and is tried again as it was', async (person) => {
  const page = await person.open('/models?scope=private&add=1');
  const asked = dialog(page, 'Add a model');
  await fillIn(asked, 'v5');
  await page.route('**/api/v1/models?*', (route, request) => (request.method() === 'POST' ? route.abort('connectionreset') : route.continue()));
  await button(asked, 'Add 2.4 MB').click();
  const refused = page.getByRole('alert').filter({ hasText: 'demo-early.gguf was not added.' });
  await refused.getByText('The connection broke off', { exact: false }).waitFor();
  await isAccessible(page, 'an upload that broke off');
  assert.deepEqual((await api('GET', '/models?scope=private')).items, []);

  await page.unroute('**/api/v1/models?*');
  await button(refused, 'Change and try again').click();
  await asked.waitFor();
  assert.equal(await field(asked, 'Name').inputValue(), 'refund-bot');
  assert.equal(await field(asked, 'Version').inputValue(), 'v5');
  await asked.getByText('support').waitFor();
  await button(asked, 'Add 2.4 MB').click();
  await page.getByRole('link', { name: 'refund-bot:v5' }).first().waitFor();
  await refused.waitFor({ state: 'detached' });
});

story('what is chosen for the next model stays while an upload goes on', async (person) => {
  const page = await person.open('/models?scope=private&add=1');
  const asked = dialog(page, 'Add a model');
  await fillIn(asked, 'v6');
  let goOn;
  const held = new Promise((resume) => (goOn = resume));
  await page.route('**/api/v1/models?*', async (route, request) => {
    if (request.method() === 'POST') await held;
    await route.continue();
  });
  await button(asked, 'Add 2.4 MB').click();
  await asked.waitFor({ state: 'detached' });
  await button(page, 'Add a model').click();
  await asked.getByRole('radio', { name: /^Everybody/ }).check();
  await asked.getByText('Another file is being sent', { exact: false }).waitFor();
  goOn();
  await asked.getByText('Another file is being sent', { exact: false }).waitFor({ state: 'detached' });
  assert.ok(await asked.getByRole('radio', { name: /^Everybody/ }).isChecked());
});
