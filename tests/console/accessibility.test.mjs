// axe-core finds nothing on any page, in any dialog, light and dark; nothing is wider than a phone.

import assert from 'node:assert/strict';
import { isAccessible } from './axe.mjs';
import { button, dialog, story } from './browser.mjs';
import { answered, api, apiUntil, enginesOf, removeSession, runningSession } from './server.mjs';

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

/** A session of each status but Initializing, one with answers. */
async function populate() {
  const running = await runningSession('refund-bot', { description: 'Does it keep to the policy?', stop: { max_interactions: 25 } });
  const completion = await answered(running, 'What is the capital of France?', { conversation: 'one' });
  await api('PATCH', `/completions/${completion.id}`, { starred: true });
  const failed = await runningSession('night run');
  for (const pid of enginesOf(failed)) process.kill(pid, 'SIGABRT');
  await apiUntil(`/sessions/${failed.id}`, ({ status }) => status === 'failed');
  const stopped = await runningSession('first look');
  await api('POST', `/sessions/${stopped.id}/stop`, {});
  await apiUntil(`/sessions/${stopped.id}`, ({ status }) => status === 'stopped');
  return { running, failed, stopped, completion };
}

let populated;
const population = () => (populated ??= populate());

story('the list of sessions and its dialogs', async (person) => {
  const page = await person.open('/');
  await page.getByText('No sessions', { exact: false }).or(page.getByRole('heading', { level: 2 })).first().waitFor();
  await isAccessible(page, 'no sessions yet');

  await population();
  const row = (name) => page.getByRole('row').filter({ hasText: name });
  for (const name of ['refund-bot', 'night run', 'first look']) await row(name).waitFor();
  await isAccessible(page, 'sessions');

  await row('night run').getByRole('button', { name: /^Failed/ }).focus();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');
  await row('night run').getByRole('group').waitFor();
  await isAccessible(page, 'the failure card');
  await page.keyboard.press('Escape');

  const choose = async (entry) => {
    await page.getByRole('button', { name: 'Actions for refund-bot' }).click();
    await page.getByRole('menuitem', { name: entry, exact: true }).waitFor();
    if (entry === 'Stop') await isAccessible(page, 'the menu of a row');
    await page.getByRole('menuitem', { name: entry, exact: true }).click();
  };
  for (const [entry, title] of [['Stop', 'Stop refund-bot?'], ['Delete', 'Delete refund-bot?'], ['Extend', 'Extend refund-bot']]) {
    await choose(entry);
    await dialog(page, title).waitFor();
    await isAccessible(page, title);
    await page.keyboard.press('Escape');
    await dialog(page, title).waitFor({ state: 'detached' });
  }
  await choose('Rename');
  await page.getByRole('textbox', { name: 'Name' }).waitFor();
  await isAccessible(page, 'renaming');
  await page.keyboard.press('Escape');

  for (const name of ['night run', 'first look']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await isAccessible(page, 'several selected');
  await page.getByLabel(/^Status: /).click();
  await page.getByRole('option', { name: /^Failed/ }).waitFor();
  await isAccessible(page, 'the filter');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('option', { name: /^refund-bot/ }).waitFor();
  await isAccessible(page, 'the palette');
});

story('the pages of a session', async (person) => {
  const { running, failed, stopped, completion } = await population();
  const page = await person.open(`/sessions/${running.id}/playground`);
  await page.getByRole('article', { name: 'Turn' }).getByText(/first token \d/).waitFor();
  await isAccessible(page, 'the playground');
  for (const name of ['View code', 'Show prompt']) {
    await button(page, name).first().click();
    await page.getByRole('dialog').locator('pre').first().waitFor();
    await isAccessible(page, name);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await page.goto(`/sessions/${running.id}/playground?conversation=new`);
  await button(page, 'Add a system message').click();
  await page.getByText('More', { exact: true }).click();
  await isAccessible(page, 'a new conversation, every parameter');

  await page.goto(`/sessions/${running.id}/history?open=${completion.id}`);
  await page.getByRole('complementary', { name: 'Figures' }).waitFor();
  await isAccessible(page, 'the history, a completion open');
  await button(page, 'Delete').last().click();
  await dialog(page, 'Delete this completion for good?').waitFor();
  await isAccessible(page, 'deleting a completion');
  await page.keyboard.press('Escape');
  await page.goto(`/sessions/${running.id}/history?q=nothinglikeit`);
  await page.getByText('Nothing matches').waitFor();
  await isAccessible(page, 'nothing found');

  await page.goto(`/sessions/${running.id}/api`);
  await page.getByText('/v1/chat/completions').first().waitFor();
  await isAccessible(page, 'API');
  await page.goto(`/sessions/${running.id}/activity`);
  await page.getByRole('slider').first().waitFor();
  await isAccessible(page, 'activity');
  await page.goto(`/sessions/${running.id}/details`);
  await page.getByText('Does it keep to the policy?').first().waitFor();
  await isAccessible(page, 'details');

  await page.goto(`/sessions/${failed.id}/playground`);
  await button(page, 'Why, and what to try').click();
  await page.getByRole('region', { name: "The log's last lines" }).waitFor();
  await isAccessible(page, 'a failed session');
  await page.goto(`/sessions/${stopped.id}/api`);
  await heading(page, 'first look');
  await isAccessible(page, 'the API of a stopped session');
  await page.goto('/sessions/ses_nonesuch');
  await page.getByRole('link', { name: 'All sessions' }).waitFor();
  await isAccessible(page, 'a session that is not there');
});

story('what waits, what is cut off and what is gone', async (person) => {
  await population();
  const second = await runningSession('the second of two');
  const { id } = await api('POST', '/sessions', { model: 'demo', name: 'in the queue' });
  const page = await person.open(`/sessions/${id}/playground`);
  await page.getByRole('region', { name: 'Start of the session' }).getByText('place 1').waitFor();
  await isAccessible(page, 'a session that waits');

  const trouble = page.getByText('trying again by itself', { exact: false });
  await page.route('**/api/v1/events', (route) => route.abort());
  await page.reload();
  await trouble.waitFor();
  await isAccessible(page, 'the line that tells of a lost connection');
  await page.unroute('**/api/v1/events');
  await trouble.waitFor({ state: 'detached' });

  await button(page, 'Actions on this session').click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const asked = dialog(page, 'Delete in the queue?');
  await asked.getByRole('textbox', { name: 'Type delete to confirm' }).fill('delete');
  await button(asked, 'Confirm').click();
  await dialog(page, 'Deleted: in the queue').getByText('What was removed', { exact: false }).waitFor();
  await isAccessible(page, 'the receipt of a deletion');
  await removeSession(second);

  const lists = /\/api\/v1\/sessions\?/;
  await page.route(lists, () => {});
  await page.goto('/');
  await page.getByRole('status', { name: 'Loading' }).waitFor();
  await isAccessible(page, 'a list on its way');
  await page.unroute(lists);
  await page.route(lists, (route) =>
    route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      body: JSON.stringify({ status: 429, code: 'rate_limited', title: 'Not now', detail: 'this was asked for too often' }),
    }),
  );
  await page.reload();
  await page.getByRole('alert').getByText('This was asked for too often.').waitFor();
  await isAccessible(page, 'a list that cannot be read');
});

story('every other page', async (person) => {
  await population();
  const page = await person.open('/new');
  for (const step of ['name', 'model', 'stop', 'review']) {
    await page.goto(`/new?step=${step}`);
    await heading(page, 'New session');
    if (step === 'model') await page.getByRole('radio', { name: /^demo:final/ }).check();
    if (step === 'stop') await page.getByText('Advanced').click();
    await page.getByRole('complementary').or(page.getByRole('link', { name: 'Change: Name' })).waitFor();
    await isAccessible(page, `new session, ${step}`);
  }
  await page.goto('/models');
  await page.getByRole('link', { name: /demo/ }).first().waitFor();
  await isAccessible(page, 'models');
  await page.goto('/models?add=1');
  await dialog(page, 'Add a model').waitFor();
  await isAccessible(page, 'adding a model');
  const { items } = await api('GET', '/models');
  await page.goto(`/models/${items[0].id}`);
  await page.getByRole('heading', { name: 'Eligibility' }).waitFor();
  await isAccessible(page, 'a model');
  for (const [path, title] of [['/documentation', 'Documentation'], ['/documentation/api', 'API reference'], ['/settings', 'Settings'], ['/nowhere', 'No such page']]) {
    await page.goto(path);
    await heading(page, title);
    await isAccessible(page, path);
  }
  await person.context.clearCookies();
  await page.goto('/login?expired=1');
  await heading(page, 'Log in');
  await button(page, 'Log in').click();
  await page.getByText('Paste a token.').first().waitFor();
  await isAccessible(page, 'login, with an error');
});

story('on a phone nothing is wider than the screen', async (person) => {
  const { running } = await population();
  const page = await person.open('/');
  const whole = [
    ['/', 'refund-bot'],
    ['/new', 'Limits in force'],
    [`/sessions/${running.id}/playground`, 'first token'],
    [`/sessions/${running.id}/history`, 'What is the capital of France?'],
    [`/sessions/${running.id}/api`, '/v1/chat/completions'],
    [`/sessions/${running.id}/activity`, 'Memory'],
    [`/sessions/${running.id}/details`, 'Does it keep to the policy?'],
    ['/models', 'final'],
    ['/documentation', 'API reference'],
    ['/settings', 'Density'],
  ];
  for (const [path, text] of whole) {
    await page.goto(path);
    await page.getByRole('main').getByText(text).first().waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${path} is wider than 360 pixels`);
    await isAccessible(page, `${path}, on a phone`, 'one');
  }
}, { viewport: { width: 360, height: 740 } });
