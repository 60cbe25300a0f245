// Tasks in the browser: from the form to the scores, refused at the field, cancelled and resumed, compared and voted on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isAccessible } from './axe.mjs';
import { button, dialog, story, until } from './browser.mjs';
import { api, apiUntil, hold, release, removeSession, runningSession } from './server.mjs';

const field = (within, name) => within.getByRole('textbox', { name, exact: true });

/** Sums of two digits with what is expected. */
function sums(rows) {
  const lines = Array.from({ length: rows }, (_, row) => [(row % 40) + 10, ((row * 7) % 40) + 10]);
  return `question,answer\n${lines.map(([a, b]) => `What is ${a} + ${b}?,${a + b}\n`).join('')}`;
}

async function choose(page, within, name, option) {
  await within.getByRole('button', { name }).or(within.getByLabel(name, { exact: true })).first().click();
  await page.getByRole('option', { name: option }).first().click();
}

async function fitsPhone(page, what) {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= 360, null, { timeout: 5_000 }).catch(async () => {
    const wide = await page.evaluate(() => [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > 361).slice(0, 5).map((one) => one.outerHTML.slice(0, 200)));
    assert.fail(`${what} is wider than a phone: ${wide.join('\n')}`);
  });
  await isAccessible(page, `${what} on a phone`, 'present');
  await page.setViewportSize({ width: 1280, height: 900 });
}

const overOf = (task) => apiUntil(`/tasks/${task.id}`, ({ status }) => ['done', 'cut', 'failed'].includes(status));
const scoring = [{ reference: 'answer', metric: { kind: 'numeric' } }];
const run = (session, name, csv, more = {}) => api('POST', `/sessions/${session.id}/tasks`, { name, input: { text: csv, format: 'csv' }, scoring, ...more });

story('twenty rows go from the form to their scores', async (person) => {
  const session = await runningSession('with tasks');
  const page = await person.open(`/sessions/${session.id}/tasks`);
  await page.getByRole('heading', { name: 'No tasks yet' }).waitFor();
  await isAccessible(page, 'no tasks yet');
  await page.getByRole('link', { name: 'New task' }).click();
  await page.getByRole('heading', { name: 'New task' }).waitFor();
  await button(page, 'Start the task').click();
  await page.getByText('Paste the rows, or choose a file.').first().waitFor();
  await isAccessible(page, 'the form, something missing');

  await field(page, 'Rows').fill(sums(20));
  await page.getByText('20 rows, 2 columns').waitFor();
  await field(page, 'Template').fill('Please: {{');
  await field(page, 'Template').fill('');
  await button(page, 'Insert question').click();
  assert.equal(await field(page, 'Template').inputValue(), '{{question}}');
  await page.getByText('What is 10 + 10?', { exact: true }).last().waitFor();

  await button(page, 'Add a scoring').click();
  const first = page.getByRole('group', { name: 'Scoring 1' });
  await choose(page, first, 'Metric', 'Number');
  await button(page, 'Add a scoring').click();
  const second = page.getByRole('group', { name: 'Scoring 2' });
  await choose(page, second, 'Metric', 'Contains');
  await field(second, 'Called').fill('says it');
  await field(page, 'Name').fill('sums');
  await isAccessible(page, 'the form, filled in');

  // Refused at its field, and nothing typed is lost, not even by a reload.
  await field(page, 'Template').fill('{{quesion}}');
  await button(page, 'Start the task').click();
  const template = page.getByRole('textbox', { name: 'Template' });
  await until('the template is refused', async () => (await template.getAttribute('aria-invalid')) === 'true');
  await page.getByText('`quesion`', { exact: false }).first().waitFor();
  await isAccessible(page, 'a template that is refused');
  assert.equal(await field(page, 'Name').inputValue(), 'sums');
  await page.reload();
  await template.waitFor();
  assert.equal(await template.inputValue(), '{{quesion}}');
  assert.equal(await field(page, 'Rows').inputValue(), sums(20));
  assert.equal(await field(page, 'Name').inputValue(), 'sums');
  await second.waitFor();
  await fitsPhone(page, 'the form');

  await template.fill('{{question}}');
  await button(page, 'Start the task').click();
  await page.getByRole('heading', { level: 2, name: 'sums' }).waitFor();
  await page.getByText('20 of 20 rows done').first().waitFor();
  await page.getByRole('heading', { name: 'Scores', exact: true }).waitFor();
  const { items } = await api('GET', `/sessions/${session.id}/tasks`);
  assert.equal(items.length, 1);
  const [task] = items;
  assert.deepEqual([task.status, task.prompt, task.scores.map(({ name }) => name)], ['done', '{{question}}', ['numeric', 'says it']]);
  const shown = task.scores[0].score.toFixed(3);
  await page.getByText(shown, { exact: true }).first().waitFor();
  await page.getByRole('slider', { name: 'Time for a row' }).waitFor();
  await isAccessible(page, 'a finished task');

  // A row is opened: what was sent, what came, and where it stands in the history.
  await page.getByRole('button', { name: 'Row 3:', exact: false }).click();
  await page.getByRole('heading', { name: 'Expected' }).waitFor();
  await page.getByRole('link', { name: 'The completion in the history' }).waitFor();
  await isAccessible(page, 'an open row');
  await page.reload();
  await page.getByRole('link', { name: 'The completion in the history' }).waitFor();
  await page.getByLabel('Search the rows').fill('What is 13 ');
  await until('one row is found', async () => (await page.getByRole('listitem').filter({ hasText: 'What is 1' }).count()) === 1);
  await fitsPhone(page, 'a task');

  await page.getByRole('button', { name: 'Download', exact: true }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()]);
  assert.equal(readFileSync(await download.path(), 'utf8').trim().split('\n').length, 21);

  await page.getByRole('link', { name: 'Tasks', exact: true }).last().click();
  await page.getByRole('table', { name: 'Tasks' }).getByText(shown).first().waitFor();
  await isAccessible(page, 'tasks');
  await fitsPhone(page, 'tasks');
  await removeSession(session);
});

story('a file is uploaded from the form, and its rows run', async (person) => {
  const session = await runningSession('tasks of files');
  const page = await person.open(`/sessions/${session.id}/tasks/new`);
  await page.getByRole('radio', { name: 'A file' }).check();
  await page.getByLabel('File with the rows').setInputFiles({ name: 'cases.csv', mimeType: 'text/csv', buffer: Buffer.from(sums(3)) });
  await page.getByText('3 rows, 2 columns').waitFor();
  await button(page, 'Start the task').click();
  await page.getByText('3 of 3 rows done').first().waitFor();
  const { items } = await api('GET', `/sessions/${session.id}/tasks`);
  assert.equal(items[0].input.file.path, 'cases.csv');
  await removeSession(session);
});

story('a task is cancelled, resumed in another session and deleted', async (person) => {
  const [session, other] = [await runningSession('cut short'), await runningSession('goes on')];
  const slow = await run(session, 'night run', sums(60), { parameters: { max_tokens: 60, ignore_eos: true } });
  await apiUntil(`/tasks/${slow.id}`, ({ progress }) => progress.done > 2);
  hold(session);
  const page = await person.open(`/sessions/${session.id}/tasks/${slow.id}`);
  await page.getByRole('status').filter({ hasText: 'Running' }).first().waitFor();
  await isAccessible(page, 'a running task');
  await button(page, 'Cancel').click();
  release(session);
  await page.getByText('Cancelled by hand', { exact: false }).waitFor();
  await isAccessible(page, 'a task that was cut');
  const cut = await overOf(slow);
  assert.ok(cut.progress.left > 0);

  await button(page, 'Resume').click();
  const resuming = dialog(page, 'Resume night run');
  await choose(page, resuming, 'Session to go on in', /goes on/);
  await isAccessible(page, 'resuming');
  await button(resuming, 'Resume').click();
  await page.waitForURL(new RegExp(`/sessions/${other.id}/tasks/`));
  await page.getByText('Goes on with', { exact: false }).waitFor();
  await page.getByText('60 of 60 rows done').first().waitFor();
  const { items } = await api('GET', `/sessions/${other.id}/tasks`);
  assert.deepEqual([items[0].status, items[0].progress.done, items[0].resumed_from], ['done', 60, slow.id]);

  await page.getByRole('button', { name: 'Actions on this task' }).click();
  await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
  const deleting = dialog(page, /^Delete night run/);
  await field(deleting, 'Type delete to confirm').fill('delete');
  await isAccessible(page, 'deleting a task');
  await button(deleting, 'Confirm').click();
  await page.getByRole('heading', { name: 'No tasks yet' }).waitFor();
  assert.deepEqual((await api('GET', `/sessions/${other.id}/tasks`)).items, []);
  await removeSession(session);
  await removeSession(other);
});

story('two checkpoints are compared, and voted on without their names', async (person) => {
  const csv = sums(20);
  const early = await runningSession('early on', { model: 'demo:early' });
  const final = await runningSession('at the end', { model: 'demo:final' });
  const first = await overOf(await run(early, 'sums, early', csv));
  const last = await overOf(await run(final, 'sums, final', csv));
  const page = await person.open('/compare');
  await page.getByRole('checkbox', { name: /sums, early/ }).check();
  await page.getByRole('checkbox', { name: /sums, final/ }).check();
  await isAccessible(page, 'choosing tasks');
  await fitsPhone(page, 'choosing tasks');
  await button(page, 'Compare 2 tasks').click();
  await page.getByText('B is ahead of A by', { exact: false }).waitFor();
  await page.getByText('unlikely to be chance', { exact: false }).waitFor();
  assert.ok(page.url().includes(`tasks=${first.id}`) && page.url().includes(last.id));
  await page.getByRole('article', { name: /^Row/ }).first().getByText('better', { exact: true }).waitFor();
  await isAccessible(page, 'a comparison');
  await fitsPhone(page, 'a comparison');
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'JSONL').click()]);
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.length, 20);
  assert.ok(lines[0].difference >= lines.at(-1).difference);

  await page.getByRole('radio', { name: 'Blind vote' }).check();
  await page.getByRole('group', { name: 'Which is better?' }).waitFor();
  // Nothing on the page says which is which.
  const text = await page.locator('main').innerText();
  for (const name of ['sums, early', 'sums, final', 'demo:early', 'early on']) assert.ok(!text.includes(name), text);
  await isAccessible(page, 'the blind vote');
  await fitsPhone(page, 'the blind vote');
  const votes = async () => (await api('GET', `/compare/votes?tasks=${first.id},${last.id}`)).rows.length;
  for (const [place, key] of ['1', '2', '0'].entries()) {
    await page.keyboard.press(key);
    await until(`${place + 1} votes`, async () => (await votes()) === place + 1);
    await page.getByText(new RegExp(`^${place + 1} of `)).first().waitFor();
  }
  await button(page, 'Reveal').click();
  await page.getByText('with 1 tie', { exact: false }).waitFor();
  await page.getByRole('link', { name: /sums, final/ }).waitFor();
  assert.equal(await page.getByRole('article').count(), 3);
  await isAccessible(page, 'the votes revealed');
  await fitsPhone(page, 'the votes revealed');

  await page.goto(`/sessions/${early.id}/tasks/${first.id}`);
  await button(page, 'Compare with…').click();
  await dialog(page, /^Compare sums, early/).getByRole('checkbox', { name: /sums, final/ }).waitFor();
  await isAccessible(page, 'comparing with');
  await page.keyboard.press('Escape');
  await removeSession(early);
  await removeSession(final);
});

story('what is not there, and what cannot be read, is said', async (person) => {
  const session = await runningSession('without tasks');
  const page = await person.open(`/sessions/${session.id}/tasks/task_00000000000000000000000000`);
  await page.getByRole('heading', { name: 'There is no such task' }).waitFor();
  await isAccessible(page, 'no such task');
  await page.route('**/tasks?limit=*', (route) => route.abort('connectionrefused'));
  await page.goto(`/sessions/${session.id}/tasks`);
  await page.getByRole('alert').getByText('The server cannot be reached', { exact: false }).waitFor();
  await isAccessible(page, 'tasks without a connection');
  await page.unroute('**/tasks?limit=*');
  await button(page, 'Try again').click();
  await page.getByRole('heading', { name: 'No tasks yet' }).waitFor();
  await page.goto('/compare?tasks=task_00000000000000000000000000,task_00000000000000000000000001');
  await page.getByRole('alert').waitFor();
  await isAccessible(page, 'a comparison that cannot be read');
  await api('POST', `/sessions/${session.id}/stop`, {});
  await page.goto(`/sessions/${session.id}/tasks/new`);
  await page.getByRole('heading', { name: 'The session has ended' }).waitFor();
  await isAccessible(page, 'a new task in an ended session');
  await removeSession(session);
});
