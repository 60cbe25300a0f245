// Test sets in the browser: an exchange kept as a case, cases written, changed and deleted, a set run now and by itself,
// and what got better and worse.

import assert from 'node:assert/strict';
import { isAccessible } from './axe.mjs';
import { ask, button, dialog, story, until } from './browser.mjs';
import { answered, api, apiUntil, removeSession, runningSession } from './server.mjs';

const field = (within, name) => within.getByRole('textbox', { name, exact: true });
const setCalled = async (name) => (await api('GET', '/test-sets')).items.find((set) => set.name === name);
const casesOf = async (set) => (await api('GET', `/test-sets/${set.id}/cases?limit=200`)).items;
const asked = (content) => [{ role: 'user', content }];

async function choose(page, within, name, option) {
  await within.getByRole('button', { name }).or(within.getByLabel(name, { exact: true })).first().click();
  await page.getByRole('option', { name: option }).first().click();
}

/** With pictures of it where VIVA_LOOK names a folder: for whoever wants to see what a test saw. */
async function look(page, name) {
  if (!process.env.VIVA_LOOK) return;
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(150);
      await page.screenshot({ path: `${process.env.VIVA_LOOK}/${name}-${width}-${theme}.png`, fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
}

async function fitsPhone(page, what) {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= 360, null, { timeout: 5_000 }).catch(async () => {
    const wide = await page.evaluate(() => [...document.querySelectorAll('main *, header *')].filter((one) => one.getBoundingClientRect().right > 361).slice(0, 5).map((one) => one.outerHTML.slice(0, 200)));
    assert.fail(`${what} is wider than a phone: ${wide.join('\n')}`);
  });
  await isAccessible(page, `${what} on a phone`, 'present');
  await page.setViewportSize({ width: 1280, height: 900 });
}

story('an exchange of the playground and one of the history become cases', async (person) => {
  const session = await runningSession('talk');
  const page = await person.open('/test-sets');
  await page.getByRole('heading', { name: 'No test sets yet' }).waitFor();
  await isAccessible(page, 'no test sets yet');
  await look(page, 'list-empty');
  await fitsPhone(page, 'no test sets yet');
  const other = await person.open('/test-sets');

  await page.goto(`/sessions/${session.id}/playground`);
  await ask(page, 'What is 12 + 30?');
  await page.getByText(/first token \d/).waitFor();
  await button(page, 'Save as case').click();
  const save = dialog(page, 'Save as case');
  await field(save, 'Its name').waitFor();
  assert.equal(await field(save, 'Message 1').inputValue(), 'What is 12 + 30?');
  const answer = (await api('GET', `/sessions/${session.id}/completions`)).items[0].response;
  assert.equal(await field(save, 'Expected answer').inputValue(), answer);
  await isAccessible(page, 'saving a case');
  await look(page, 'save-new');
  await fitsPhone(page, 'saving a case');
  // Nothing is lost by what is refused.
  await button(save, 'Save').click();
  await save.getByText('Give the new test set a name.').first().waitFor();
  await field(save, 'Its name').fill('sums');
  await field(save, 'Expected answer').fill('42');
  await field(save, 'Expected answer').press('Tab');
  await button(save, 'Save').click();
  await page.getByText('Kept as case 1 of sums').waitFor();
  const set = await setCalled('sums');
  const [kept] = await casesOf(set);
  assert.deepEqual([kept.expected, kept.messages.at(-1).content], ['42', 'What is 12 + 30?']);
  // Another tab has it without asking again.
  await other.getByRole('link', { name: 'sums' }).waitFor();

  // From the history it goes where the last one went; with nothing expected if that is emptied.
  const completion = await answered(session, 'What is 14 + 21?', { messages: [{ role: 'system', content: 'Be brief.' }, ...asked('What is 14 + 21?')] });
  await page.goto(`/sessions/${session.id}/history?open=${completion.id}`);
  await button(page, 'Save as case').click();
  await save.getByText('1 case').or(save.getByLabel('Test set', { exact: true }).getByText('sums')).first().waitFor();
  assert.equal(await field(save, 'Message 1').inputValue(), 'Be brief.');
  await field(save, 'Expected answer').fill('');
  await look(page, 'save-existing');
  await button(save, 'Save').click();
  await page.getByText('Kept as case 2 of sums').waitFor();
  assert.equal((await casesOf(set))[1].expected, null);
  // A text that was gone on with has no conversation to keep.
  await button(page, 'Open').click();
  await page.getByRole('heading', { level: 1, name: 'sums' }).waitFor();
  await page.getByText('What is 14 + 21?').waitFor();
  await removeSession(session);
  await api('DELETE', `/test-sets/${set.id}?confirm=delete`);
  await page.getByRole('heading', { name: 'This test set was deleted' }).waitFor();
  await other.getByRole('heading', { name: 'No test sets yet' }).waitFor();
});

story('cases are written, changed and deleted, by the keyboard too', async (person) => {
  const page = await person.open('/test-sets');
  await page.getByRole('heading', { name: 'No test sets yet' }).waitFor();
  await page.keyboard.press('t');
  await field(dialog(page, 'New test set'), 'Name').fill('by hand');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'by hand' }).waitFor();
  await page.getByRole('heading', { name: 'No cases yet' }).waitFor();
  assert.ok(await button(page, 'Run on a session').isDisabled());
  await isAccessible(page, 'a test set without cases');
  await look(page, 'set-empty');

  await page.keyboard.press('c');
  const written = dialog(page, 'A case for by hand');
  await button(written, 'Save').click();
  await written.getByText('A case needs a message of the user.').waitFor();
  await field(written, 'Message 1').fill('What is 20 + 21?');
  await field(written, 'Expected answer').fill('41');
  await button(written, 'Save').click();
  await page.getByRole('button', { name: 'What is 20 + 21?' }).waitFor();
  const set = await setCalled('by hand');
  assert.deepEqual((await casesOf(set)).map(({ expected }) => expected), ['41']);

  await page.getByRole('button', { name: 'What is 20 + 21?' }).click();
  const changed = dialog(page, 'Case 1');
  await button(changed, 'Add a message').click();
  await field(changed, 'Message 2').fill('It is 41.');
  await button(changed, 'Add a message').click();
  await field(changed, 'Message 3').fill('And one more?');
  await field(changed, 'Expected answer').fill('42');
  await isAccessible(page, 'a case of three messages');
  await look(page, 'case');
  await button(changed, 'Save').click();
  await page.getByText('after 2 messages').waitFor();
  assert.deepEqual((await casesOf(set))[0].messages.map(({ role }) => role), ['user', 'assistant', 'user']);

  // A case that was kept elsewhere appears by itself.
  await api('POST', `/test-sets/${set.id}/cases`, { messages: asked('What is 33 + 14?'), expected: '47' });
  await page.getByRole('button', { name: 'What is 33 + 14?' }).waitFor();
  await isAccessible(page, 'a test set with cases');
  await fitsPhone(page, 'a test set with cases');
  await button(page, 'Delete case 2').click();
  await button(dialog(page, 'Delete case 2 for good?'), 'Delete for good').click();
  await page.getByRole('button', { name: 'What is 33 + 14?' }).waitFor({ state: 'detached' });

  // Names are the set's own.
  await api('POST', '/test-sets', { name: 'taken' });
  await button(page, 'Actions on this test set').click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  const renamed = dialog(page, 'Rename by hand');
  await field(renamed, 'Name').fill('taken');
  await button(renamed, 'Rename').click();
  await renamed.getByText('another of your test sets has this name', { exact: false }).first().waitFor();
  await field(renamed, 'Name').fill('by heart');
  await button(renamed, 'Rename').click();
  await page.getByRole('heading', { level: 1, name: 'by heart' }).waitFor();

  await button(page, 'Actions on this test set').click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const removal = dialog(page, 'Delete by heart?');
  await field(removal, 'Type delete to confirm').fill('delete');
  await button(removal, 'Confirm').click();
  await page.getByRole('heading', { level: 1, name: 'Test sets' }).waitFor();
  await page.getByRole('link', { name: 'taken' }).waitFor();
  await page.getByRole('link', { name: 'by heart' }).waitFor({ state: 'detached' });
  await api('DELETE', `/test-sets/${(await setCalled('taken')).id}?confirm=delete`);
});

story('a set runs now and by itself, and what got better is shown', async (person) => {
  const early = await runningSession('early on', { model: 'demo:early' });
  const set = await api('POST', '/test-sets', { name: 'sums' });
  for (let at = 0; at < 20; at++) {
    const [a, b] = [(at % 40) + 10, ((at * 7) % 40) + 10];
    await api('POST', `/test-sets/${set.id}/cases`, { messages: asked(`What is ${a} + ${b}?`), expected: String(a + b) });
  }
  const page = await person.open(`/test-sets/${set.id}`);
  await page.getByText('It has not been run yet.').waitFor();
  await button(page, 'Run on a session').click();
  const now = dialog(page, 'Run sums');
  await now.getByRole('group', { name: 'Scoring 1' }).waitFor();
  await choose(page, now.getByRole('group', { name: 'Scoring 1' }), 'Metric', 'Number');
  await isAccessible(page, 'running a test set');
  await look(page, 'run-now');
  await fitsPhone(page, 'running a test set');
  await button(now, 'Run 20 cases').click();
  await page.getByRole('link', { name: 'demo:early' }).waitFor();
  const ran = async (runs) => (await apiUntil(`/test-sets/${set.id}`, (one) => one.runs.length === runs && one.runs.every(({ status }) => status === 'done'))).runs;
  const [first] = await ran(1);
  assert.deepEqual(first.scores.map(({ name, scored }) => [name, scored]), [['numeric', 20]]);
  await page.getByText(`numeric ${first.scores[0].score.toFixed(3)}`).first().waitFor();
  await look(page, 'set-once');

  await button(page, 'Run on the next session…').click();
  const next = dialog(page, 'Run sums on the next session');
  await choose(page, next, 'Model', /^demo:final/);
  await isAccessible(page, 'running by itself');
  await look(page, 'run-next');
  await fitsPhone(page, 'running by itself');
  await button(next, 'Turn on').click();
  await page.getByText('Runs by itself on each session of', { exact: false }).waitFor();
  assert.equal((await api('GET', `/test-sets/${set.id}`)).run.model, 'demo:final');

  const final = await runningSession('final on', { model: 'demo:final' });
  const [last] = await ran(2);
  assert.equal(last.session_id, final.id);
  await page.getByRole('heading', { name: 'Since the run before' }).waitFor();
  await page.getByRole('heading', { name: /^Got better/ }).waitFor();
  const { scorings: [{ pairs: [pair] }] } = await api('GET', `/compare?tasks=${first.id},${last.id}`);
  await page.getByRole('heading', { name: `Got better (${pair.wins})` }).waitFor();
  assert.ok((await page.getByRole('article').count()) >= 1);
  await isAccessible(page, 'what got better');
  await look(page, 'set');
  await fitsPhone(page, 'what got better');
  await page.getByRole('link', { name: 'Compare in full' }).click();
  await page.getByRole('heading', { level: 1, name: 'Compare tasks' }).waitFor();
  await page.goBack();
  await page.goto('/test-sets');
  await page.getByRole('link', { name: 'sums' }).waitFor();
  await page.getByText(`numeric ${last.scores[0].score.toFixed(3)}`).waitFor();
  await isAccessible(page, 'the test sets');
  await look(page, 'list');
  await fitsPhone(page, 'the test sets');

  await page.getByRole('link', { name: 'sums' }).click();
  await button(page, 'Turn off').click();
  await page.getByText('It does not run by itself.').waitFor();
  assert.equal((await api('GET', `/test-sets/${set.id}`)).run, null);
  // A run that is deleted elsewhere is gone here.
  await api('DELETE', `/tasks/${first.id}?confirm=delete`);
  await page.getByRole('heading', { name: 'Since the run before' }).waitFor({ state: 'detached' });
  await removeSession(early);
  await removeSession(final);
  await api('DELETE', `/test-sets/${set.id}?confirm=delete`);
});

story('what is not there, what cannot be read and what is full is said', async (person) => {
  const session = await runningSession('cannot be read');
  const page = await person.open('/test-sets/set_00000000000000000000000000');
  await page.getByRole('heading', { name: 'There is no such test set' }).waitFor();
  await isAccessible(page, 'no such test set');
  await page.route('**/api/v1/test-sets', (route) => route.abort('connectionrefused'));
  await page.goto('/test-sets');
  await page.getByRole('alert').getByText('The server cannot be reached', { exact: false }).waitFor();
  const tried = page.waitForRequest('**/api/v1/test-sets');
  await button(page, 'Try again').click();
  await tried;
  await page.unroute('**/api/v1/test-sets');
  // By hand once more, or by itself where the event stream has come up meanwhile.
  await button(page, 'Try again').click({ timeout: 3_000 }).catch(() => {});
  await page.getByRole('heading', { name: 'No test sets yet' }).waitFor();

  // As the server tells of a set that has as many cases as it takes.
  const set = await api('POST', '/test-sets', { name: 'full' });
  await page.route('**/api/v1/test-sets', async (route) => {
    const answer = await (await route.fetch()).json();
    for (const one of answer.items) one.cases = 10_000;
    await route.fulfill({ json: answer });
  });
  const completion = await answered(session, 'What is 14 + 21?');
  await page.goto(`/sessions/${session.id}/history?open=${completion.id}`);
  await button(page, 'Save as case').click();
  const save = dialog(page, 'Save as case');
  await field(save, 'Its name').waitFor();
  await save.getByLabel('Test set', { exact: true }).click();
  await until('the full set is off', async () => (await page.getByRole('option', { name: 'full' }).first().getAttribute('data-disabled')) !== null);
  await page.keyboard.press('Escape');
  await page.unroute('**/api/v1/test-sets');
  await page.keyboard.press('Escape');
  await api('DELETE', `/test-sets/${set.id}?confirm=delete`);
  await removeSession(session);
});
