// The form for a new session: each refusal stands at its field, also those that only the server knows; nothing typed is lost.
// The server of this file allows two sessions and little memory.

import assert from 'node:assert/strict';
import { button, story, until } from './browser.mjs';
import { api, runningSession } from './server.mjs';

const field = (page, role, name) => page.getByRole(role, { name, exact: true });
const next = (page) => button(page, 'Next').click();

/** Waits until the control says that it is at fault, in these words. */
async function isAtFault(control, words) {
  let said = '';
  await until(`${control}: ${words}`, async () => {
    said = await control.evaluate((element) => {
      const ids = (element.getAttribute('aria-describedby') ?? '').split(' ');
      const error = ids.filter((id) => id.endsWith('-error')).map((id) => document.getElementById(id)?.innerText);
      return element.getAttribute('aria-invalid') === 'true' ? error.join(' ') : '';
    });
    return words.test(said);
  });
}

const isRight = (control) => until(`${control} is right`, async () => (await control.getAttribute('aria-invalid')) === null);

story('every refusal stands at its field', async (person) => {
  await runningSession('taken');
  const page = await person.open('/new');
  const name = field(page, 'textbox', 'Name');

  // Before anything is chosen, by the server.
  await name.fill('taken');
  await isAtFault(name, /taken|already|another/i);
  await name.fill('x'.repeat(101));
  await page.getByText('101/100').waitFor();
  await isAtFault(name, /100/);
  await name.fill('of its own');
  await isRight(name);
  const description = field(page, 'textbox', 'Description');
  await description.fill('y'.repeat(201));
  await isAtFault(description, /200/);
  await description.fill('What it is for');
  await isRight(description);

  await next(page);
  await next(page);
  await page.getByRole('alert').getByText('Choose a model.').waitFor();
  await page.getByRole('radio', { name: /^demo:final/ }).check();
  await page.getByText('Choose a model.').waitFor({ state: 'detached' });
  await next(page);

  await page.getByRole('radio', { name: 'Duration' }).check();
  const duration = field(page, 'spinbutton', 'Duration');
  await duration.fill('');
  await next(page);
  await isAtFault(duration, /Give a time, or take the default/);
  await duration.fill('99999');
  await isAtFault(duration, /\d/);
  await page.getByRole('radio', { name: 'Time of day' }).check();
  const at = page.getByLabel('Stops at');
  await at.fill('2001-01-01T00:00');
  await isAtFault(at, /This time has passed; give a later one/);
  await at.fill('2999-01-01T00:00');
  await isAtFault(at, /further ahead than a session may last/);
  await page.getByRole('radio', { name: 'Default' }).check();

  // What is out of bounds is told while it is typed.
  await page.getByText('Advanced').click();
  for (const [label, wrong] of [['Interactions', '0'], ['Idle', '0'], ['Tokens', '0'], ['Context length', '100000'], ['Parallel', '65']]) {
    const control = field(page, 'spinbutton', label);
    await control.fill(wrong);
    await isAtFault(control, /\d/);
    await control.fill('');
    await isRight(control);
  }

  // More memory than the machine gives to sessions: with the figures, and a way out.
  await field(page, 'spinbutton', 'Parallel').fill('64');
  const refusal = page.getByRole('alert').filter({ hasText: /memory/i });
  await refusal.getByText(/\d\s[MGT]B/).first().waitFor();
  await refusal.getByRole('button', { name: /^Take context/ }).waitFor();
  await field(page, 'spinbutton', 'Parallel').fill('');
  await refusal.waitFor({ state: 'detached' });

  // What stands in the way is listed before the end, each with the way to it; nothing is created.
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: /Name/ }).click();
  await name.fill('taken');
  await isAtFault(name, /taken|already|another/i);
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('link', { name: /Review/ }).click();
  await page.getByText('One thing stands in the way:').waitFor();
  await button(page, 'Create session').click();
  await page.getByRole('alert').first().waitFor();
  assert.equal((await api('GET', '/sessions')).items.length, 1);
  await page.getByRole('alert').getByRole('link').first().click();
  await name.waitFor();
  await until('the focus is in the field at fault', () => name.evaluate((element) => element === document.activeElement));
});

story('nothing typed is lost by going back, by an error or by a reload', async (person) => {
  const page = await person.open('/new');
  await field(page, 'textbox', 'Name').fill('kept');
  await field(page, 'textbox', 'Description').fill('over a reload');
  await next(page);
  await page.getByRole('radio', { name: /^demo:early/ }).check();
  await next(page);
  await page.getByRole('radio', { name: 'Duration' }).check();
  await button(page, '15 min').click();
  await field(page, 'spinbutton', 'Interactions').fill('7');
  await field(page, 'spinbutton', 'Tokens').fill('5000');
  await field(page, 'spinbutton', 'Tokens').press('Tab');

  const isKept = async () => {
    assert.equal(await field(page, 'spinbutton', 'Interactions').inputValue(), '7');
    assert.equal(await field(page, 'spinbutton', 'Tokens').inputValue(), '5000');
    assert.equal(await field(page, 'spinbutton', 'Duration').inputValue(), '15');
    await button(page, 'Back').click();
    await until('the model is chosen', () => page.getByRole('radio', { name: /^demo:early/ }).isChecked());
    await button(page, 'Back').click();
    await page.getByText('over a reload').or(field(page, 'textbox', 'Description')).first().waitFor();
    assert.equal(await field(page, 'textbox', 'Name').inputValue(), 'kept');
    assert.equal(await field(page, 'textbox', 'Description').inputValue(), 'over a reload');
  };
  await isKept();
  await page.goto('/new?step=stop');
  await field(page, 'spinbutton', 'Interactions').waitFor();
  await isKept();
  await page.reload();
  await field(page, 'textbox', 'Name').waitFor();
  assert.equal(await field(page, 'textbox', 'Name').inputValue(), 'kept');

  await page.goto('/new?step=review');
  await page.getByText(/7\sinteractions/).first().waitFor();
  await button(page, 'Create session').click();
  await page.waitForURL(/\/sessions\/ses_/);
  await page.getByRole('heading', { level: 1, name: 'kept' }).waitFor();
  const { items } = await api('GET', '/sessions');
  assert.deepEqual([items[0].name, items[0].stop.after_seconds, items[0].stop.max_tokens], ['kept', 900, 5_000]);

  // Both places are taken now: the form says so with the figures, before anything is typed again.
  await page.goto('/new');
  assert.equal(await field(page, 'textbox', 'Name').inputValue(), '');
  const refusal = page.getByRole('alert').filter({ hasText: '2' });
  await refusal.getByRole('link', { name: 'Ended sessions' }).waitFor();
});
