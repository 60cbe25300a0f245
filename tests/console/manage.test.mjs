// What is done with sessions that are there: more time, another name, several at once. Each change is compared with what
// the API says afterwards.

import assert from 'node:assert/strict';
import { button, dialog, story, until } from './browser.mjs';
import { api, apiUntil, removeSession, runningSession } from './server.mjs';

const row = (page, name) => page.getByRole('row').filter({ hasText: name });
const nameField = (page) => page.getByRole('textbox', { name: 'Name', exact: true });

async function choose(page, name, entry) {
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

story('limits are moved while it runs, within the bounds', async (person) => {
  const session = await runningSession('extended', { stop: { after_seconds: 600, max_interactions: 5 } });
  const page = await person.open(`/sessions/${session.id}/details`);
  await page.getByText('0 / 5').waitFor();
  await button(page, 'Extend').click();
  const asked = dialog(page, 'Extend extended');
  const more = asked.getByRole('spinbutton', { name: 'More time' });
  assert.equal(await more.inputValue(), '30');

  // What happens meanwhile leaves alone what is typed.
  await more.fill('45');
  await api('PATCH', `/sessions/${session.id}`, { name: 'extended on' });
  await dialog(page, 'Extend extended on').waitFor();
  assert.equal(await more.inputValue(), '45');

  // Beyond what the operator allows: told before anything is sent.
  await more.fill('99999');
  await asked.getByText('A session runs at most 24 h', { exact: false }).first().waitFor();
  assert.ok(await button(asked, 'Extend').isDisabled());

  await button(asked, '+1 h').click();
  assert.equal(await more.inputValue(), '60');
  await asked.getByRole('spinbutton', { name: 'Interactions' }).fill('9');
  await button(asked, 'Extend').click();
  await asked.waitFor({ state: 'detached' });
  await page.getByText('0 / 9').waitFor();
  const { stop } = await api('GET', `/sessions/${session.id}`);
  assert.deepEqual([stop.after_seconds, stop.max_interactions], [4_200, 9]);

  // What the server alone knows stands at its field, and nothing typed is lost.
  await button(page, 'Extend').click();
  await page.route('**/api/v1/sessions/*', (route, request) =>
    request.method() !== 'PATCH' ? route.continue() : route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 422, code: 'invalid_request', title: 'Refused', detail: 'Refused', errors: [{ field: 'stop.max_tokens', code: 'too_low', message: 'Too few tokens are left.' }] }),
    }),
  );
  await asked.getByRole('spinbutton', { name: 'Tokens' }).fill('3');
  await button(asked, 'Extend').click();
  await asked.getByText('Too few tokens are left.').first().waitFor();
  assert.equal(await asked.getByRole('spinbutton', { name: 'Tokens' }).inputValue(), '3');
  await removeSession(session);
});

story('the dialog that stops counts once as it opens, and keeps its error while the session goes on', async (person) => {
  const session = await runningSession('stopped later');
  const page = await person.open('/');
  let counted = 0;
  page.on('request', (request) => (counted += Number(/\/completions\?/.test(request.url()))));
  await choose(page, 'stopped later', 'Stop');
  const asked = dialog(page, 'Stop stopped later?');
  await asked.getByText('No request is in flight.', { exact: false }).waitFor();
  const first = counted;
  await page.route('**/api/v1/sessions/*/stop', (route) =>
    route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 429, code: 'rate_limited', title: 'Not now', detail: 'this was asked for too often' }),
    }),
  );
  await button(asked, 'Confirm').click();
  await asked.getByRole('alert').getByText('This was asked for too often.').waitFor();
  for (const name of ['stopped soon', 'stopped at last']) {
    await api('PATCH', `/sessions/${session.id}`, { name });
    await dialog(page, `Stop ${name}?`).waitFor();
  }
  await dialog(page, 'Stop stopped at last?').getByRole('alert').getByText('This was asked for too often.').waitFor();
  assert.deepEqual([first, counted], [1, 1]);
  await removeSession(session);
});

story('a name is changed where it stands; a bad one is refused there', async (person) => {
  const session = await runningSession('first name');
  await runningSession('taken');
  const page = await person.open('/');
  await row(page, 'first name').waitFor();

  await choose(page, 'first name', 'Rename');
  await nameField(page).fill('x'.repeat(101));
  await page.getByRole('alert').getByText('A name has at most 100 characters; this one has 101.').waitFor();
  await page.keyboard.press('Enter');
  await nameField(page).fill('bell\u0007');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText(/control character/).waitFor();
  await nameField(page).fill('taken');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText(/taken|already|another/i).waitFor();
  await page.keyboard.press('Escape');
  await nameField(page).waitFor({ state: 'detached' });
  assert.equal((await api('GET', `/sessions/${session.id}`)).name, 'first name');

  // Counted as the server counts: a crab is one character, and so is each of its two halves not.
  const crabs = '🦀'.repeat(100);
  await choose(page, 'first name', 'Rename');
  await nameField(page).fill(crabs);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: crabs }).waitFor();
  assert.equal((await api('GET', `/sessions/${session.id}`)).name, crabs);

  // In the header, however long it is, what stands beside it keeps its place.
  const long = 'A long name that goes on and on '.repeat(4).slice(0, 100).trim();
  await page.getByRole('link', { name: crabs }).click();
  await page.getByRole('heading', { level: 1, name: crabs }).waitFor();
  await button(page, 'Rename').click();
  await nameField(page).fill(`  ${long}  `);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: long }).waitFor();
  for (const width of [1280, 1025, 768, 360]) {
    await page.setViewportSize({ width, height: 800 });
    const clock = await page.getByText('stops in').boundingBox();
    const extend = await button(page, 'Extend').boundingBox();
    const isApart = clock.x + clock.width <= extend.x || clock.y + clock.height <= extend.y;
    assert.ok(isApart, `at ${width} pixels the clock lies under the button`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `wider than ${width} pixels`);
  }
  for (const { id } of (await api('GET', '/sessions')).items) await removeSession({ id });
});

story('the form takes any language and emoji, and no control characters', async (person) => {
  const page = await person.open('/new');
  const name = nameField(page);
  await name.fill('tab\there');
  await until('the name is refused', async () => (await name.getAttribute('aria-invalid')) === 'true');
  await page.getByText(/control character/).first().waitFor();
  await name.fill('🦀'.repeat(101));
  await page.getByText('101/100').waitFor();
  await name.fill('名前 ☕ naïve مرحبا 🦀');
  await until('the name is right', async () => (await name.getAttribute('aria-invalid')) === null);
  await button(page, 'Next').click();
  await page.getByRole('radio', { name: /^demo:final/ }).check();
  await page.goto('/new?step=review');
  await button(page, 'Create session').click();
  await page.getByRole('heading', { level: 1, name: '名前 ☕ naïve مرحبا 🦀' }).waitFor();
  const [session] = (await api('GET', '/sessions')).items;
  assert.equal(session.name, '名前 ☕ naïve مرحبا 🦀');
  await apiUntil(`/sessions/${session.id}`, ({ status }) => status === 'running');
  await removeSession(session);
});

story('several are stopped together, then deleted together', async (person) => {
  const sessions = [await runningSession('one of two'), await runningSession('two of two')];
  const waiting = await api('POST', '/sessions', { model: 'demo', name: 'third' });
  const page = await person.open('/');
  for (const { name } of sessions) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  const line = page.getByRole('toolbar', { name: 'Selected sessions' });
  await line.getByText('2 sessions selected').waitFor();
  await button(line, 'Stop 2').click();
  const stopping = dialog(page, 'Stop 2 sessions?');
  for (const { name } of sessions) await stopping.getByText(name).waitFor();
  await button(stopping, 'Confirm').click();
  await stopping.waitFor({ state: 'detached' });
  await line.waitFor({ state: 'detached' });
  for (const { name } of sessions) await row(page, name).getByText('by hand').waitFor();
  // Its place is free: the one that waited starts by itself.
  await row(page, 'third').getByText('Running', { exact: true }).waitFor();
  assert.equal((await api('GET', `/sessions/${waiting.id}`)).status, 'running');

  await page.getByRole('checkbox', { name: 'Select third' }).check();
  await button(line, 'Select all').click();
  await button(line, 'Delete 3').click();
  const deleting = dialog(page, 'Delete 3 sessions?');
  await deleting.getByText('1 of them is live', { exact: false }).waitFor();
  assert.ok(await button(deleting, 'Confirm').isDisabled());
  await deleting.getByRole('textbox', { name: 'Type delete to confirm' }).fill('delete');
  await button(deleting, 'Confirm').click();
  const receipt = dialog(page, 'Deleted: 3 sessions');
  await receipt.getByText('What was removed', { exact: false }).waitFor();
  await button(receipt, 'Close').last().click();
  await page.getByRole('heading', { name: 'No sessions yet' }).waitFor();
  assert.deepEqual((await api('GET', '/sessions')).items, []);
}, { reducedMotion: 'no-preference' });
