// The whole way of a session as a person goes it: create, talk, stop, look back, download, delete.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ask, button, dialog, story } from './browser.mjs';
import { api, apiUntil } from './server.mjs';

const NAME = 'first look 🦀';

story('a session from its creation to its deletion', async (person) => {
  const page = await person.open('/');
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();

  const id = await create(page);
  const answers = await talk(page, id);
  await stop(page, id);
  await lookBack(page, answers);
  await download(page, answers);
  await remove(page, id);
}, { reducedMotion: 'no-preference' });

/** Through the four steps; returns the session's id. */
async function create(page) {
  // Once it is known that there is no session yet, the toolbar's link gives way to the larger one.
  await page.getByText('No sessions yet').waitFor();
  await page.getByRole('link', { name: 'New session' }).filter({ visible: true }).first().click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(NAME);
  await page.getByRole('textbox', { name: 'Description' }).fill('Does it add?');
  await button(page, 'Next').click();
  await page.getByRole('radio', { name: /^demo:final/ }).check();
  await button(page, 'Next').click();
  await page.getByRole('radio', { name: 'Duration' }).check();
  await button(page, '30 min').click();
  await page.getByRole('spinbutton', { name: 'Interactions' }).fill('25');
  await button(page, 'Next').click();

  // What was chosen, and what it comes to.
  await page.getByRole('heading', { name: 'Review and create' }).waitFor();
  for (const text of [NAME, 'Does it add?', /30\smin after it is Running/, /25\sinteractions/]) {
    await page.getByRole('main').getByText(text).first().waitFor();
  }
  await button(page, 'Create session').click();

  await page.waitForURL(/\/sessions\/ses_/);
  await page.getByRole('heading', { level: 1, name: NAME }).waitFor();
  // Ready by itself, without a reload.
  await page.getByText('Running', { exact: true }).first().waitFor();
  await page.getByText('stops in').waitFor();
  const id = new URL(page.url()).pathname.split('/')[2];
  const session = await api('GET', `/sessions/${id}`);
  assert.equal(session.name, NAME);
  assert.deepEqual([session.stop.after_seconds, session.stop.max_interactions], [1_800, 25]);
  return id;
}

/** Two questions of one conversation; returns the completions, the newest first. */
async function talk(page, id) {
  for (const [index, question] of ['What is 12 + 30?', 'What is the capital of France?'].entries()) {
    await ask(page, question);
    const turn = page.getByRole('article', { name: 'Turn' }).nth(index);
    await turn.getByText(question, { exact: true }).waitFor();
    // The figures stand there once the answer is whole.
    await turn.getByText(/first token \d/).waitFor();
  }
  const { items } = await apiUntil(`/sessions/${id}/completions`, ({ items }) => items.length === 2);
  for (const [index, completion] of [...items].reverse().entries()) {
    assert.ok(completion.response.trim(), 'the model has answered');
    assert.equal(completion.origin, 'playground');
    const shown = await page.getByRole('article', { name: 'Turn' }).nth(index).innerText();
    assert.ok(words(shown).includes(words(completion.response)), `${shown}\nshows\n${completion.response}`);
  }
  return items;
}

/** By the dialog, whose Confirm can be pressed after 3 seconds and not before. */
async function stop(page, id) {
  await button(page, 'Stop').click();
  const asked = dialog(page, `Stop ${NAME}?`);
  const opened = Date.now();
  await asked.getByText('Kept: the completion history stays readable and downloadable.').waitFor();
  const waiting = asked.getByRole('button', { name: /^Confirm\s\([123]\)$/ });
  assert.ok(await waiting.isDisabled());
  // Neither is it pressed by force.
  await waiting.evaluate((control) => control.click());
  assert.equal((await api('GET', `/sessions/${id}`)).stopping, false);
  const confirm = button(asked, 'Confirm');
  await confirm.waitFor();
  assert.ok(Date.now() - opened > 2_500, 'it waited');
  assert.ok(await confirm.isEnabled());
  await confirm.click();
  await page.getByText('This session has stopped', { exact: false }).waitFor();
  await page.getByText('by hand').first().waitFor();
  assert.equal((await api('GET', `/sessions/${id}`)).reason.code, 'user');
}

/** Search, star, My picks, open. */
async function lookBack(page, [capital, sum]) {
  await page.getByRole('link', { name: 'Completion history' }).first().click();
  const rows = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: /picks$/ }) });
  await rows.nth(1).waitFor();

  // By the beginning of a word of the answer that the other answer has not.
  const other = words(sum.response).toLowerCase().split(' ');
  const word = words(capital.response).split(' ').find((word) => word.length > 3 && !other.includes(word.toLowerCase()));
  await page.getByRole('searchbox', { name: 'Search the answers' }).fill(word);
  await page.locator('mark').first().waitFor();
  await rows.nth(1).waitFor({ state: 'detached' });
  assert.match(page.url(), /q=/);
  assert.equal((await page.locator('mark').first().innerText()).toLowerCase(), word.toLowerCase());
  await page.getByRole('searchbox').fill('');
  await rows.nth(1).waitFor();

  await rows.filter({ hasText: 'What is 12 + 30?' }).getByRole('button', { name: 'Add to my picks' }).click();
  await button(page, 'Remove from my picks').waitFor();
  await button(page, 'My picks').click();
  await page.getByText('What is the capital of France?').waitFor({ state: 'detached' });
  assert.equal((await api('GET', `/completions/${sum.id}`)).starred, true);

  await button(page, 'What is 12 + 30?').click();
  const figures = page.getByRole('complementary', { name: 'Figures' });
  await figures.getByText(sum.id).waitFor();
  for (const label of ['Duration', 'First token', 'Prompt tokens', 'Answer tokens', 'Speed']) {
    await figures.getByText(label, { exact: true }).waitFor();
  }
  // The address is the state.
  await page.reload();
  await figures.getByText(sum.id).waitFor();
}

async function download(page, answers) {
  const saved = async (entry) => {
    await button(page, 'Download').click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: entry }).click()]);
    return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
  };
  const jsonl = await saved('All as JSONL');
  assert.match(jsonl.name, /\.jsonl$/);
  const lines = jsonl.bytes.toString().trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ id }) => id).sort(), answers.map(({ id }) => id).sort());
  const picks = await saved('My picks as CSV');
  assert.ok(picks.bytes.includes('What is 12 + 30?') && !picks.bytes.includes('capital of France'));
  const sheet = await saved(/^All as Excel/);
  assert.match(sheet.name, /\.xlsx$/);
  assert.equal(sheet.bytes.subarray(0, 2).toString(), 'PK');
}

/** Only once the word is typed; then the receipt. */
async function remove(page, id) {
  await button(page, 'Delete').first().click();
  const asked = dialog(page, `Delete ${NAME}?`);
  await asked.getByText('of 2 interactions').waitFor();
  for (const format of ['Excel', 'JSONL', 'CSV']) await asked.getByRole('link', { name: format }).waitFor();
  const confirm = button(asked, 'Confirm');
  assert.ok(await confirm.isDisabled());
  const field = asked.getByRole('textbox', { name: 'Type delete to confirm' });
  await field.fill('delet');
  await field.press('Enter');
  assert.ok(await confirm.isDisabled());
  assert.equal((await api('GET', `/sessions/${id}`)).status, 'stopped');
  await field.fill('delete');
  await confirm.click();

  const receipt = dialog(page, `Deleted: ${NAME}`);
  await receipt.getByText('What was removed', { exact: false }).waitFor();
  const completions = receipt.getByRole('definition').first();
  assert.equal(await completions.innerText(), '2');
  await button(receipt, 'Close').last().click();
  await page.waitForURL((url) => url.pathname === '/');
  await page.getByText(NAME).waitFor({ state: 'detached' });
  assert.deepEqual((await api('GET', '/sessions')).items, []);
}

/** The words of a text, without marks and line breaks. */
function words(text) {
  return text.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}
