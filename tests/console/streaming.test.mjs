// Answers in the playground: one that is being written belongs to the server, and pages that come and go show it on; that of
// another session stands beside it.

import assert from 'node:assert/strict';
import { ask, button, story } from './browser.mjs';
import { api, apiUntil, hold, release, removeSession, runningSession, writeAtLeast } from './server.mjs';

/**
 * Asks for an answer of so many tokens, whatever the model would say, and halts the engine as soon as it has begun.
 * Returns the completion's id.
 */
async function beginAnswer(page, session, tokens) {
  await page.route('**/api/v1/sessions/*/completions', async (route, request) => {
    if (request.method() !== 'POST') return route.continue();
    const response = await route.fetch({ postData: { ...request.postDataJSON(), ignore_eos: true, max_tokens: tokens } });
    hold(session);
    await route.fulfill({ response });
  });
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === 'POST' && response.url().endsWith('/completions')),
    ask(page, 'Tell me about Viva'),
  ]);
  await page.unroute('**/api/v1/sessions/*/completions');
  return (await answer.json()).id;
}

const turn = (page) => page.getByRole('article', { name: 'Turn' }).last();
/** Markdown leaves out marks and line breaks: the words are compared. */
const words = (text) => text.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();

async function shows(page, text) {
  const wanted = words(text);
  const answer = await turn(page).elementHandle();
  await page.waitForFunction(
    ([answer, wanted]) => answer.innerText.replace(/[^\p{L}\p{N}]+/gu, ' ').includes(wanted),
    [answer, wanted],
  );
}

story('a reload and a second tab in mid-answer go on showing it', async (person) => {
  const session = await runningSession('reloaded');
  const page = await person.open(`/sessions/${session.id}/playground`);
  const id = await beginAnswer(page, session, 900);
  const begun = await writeAtLeast(session, id, 40);
  await shows(page, begun.slice(0, 40));
  await turn(page).getByText('Writing').waitFor();

  await page.reload();
  const second = await person.open(page.url());
  for (const tab of [page, second]) {
    await shows(tab, begun.slice(0, 40));
    await turn(tab).getByText('Writing').waitFor();
    await button(tab, 'Stop generating').waitFor();
  }

  release(session);
  const whole = await apiUntil(`/completions/${id}`, ({ status }) => status === 'done');
  assert.ok(whole.response.startsWith(begun), 'it went on');
  for (const tab of [page, second]) {
    await turn(tab).getByText('900 tokens').waitFor();
    await shows(tab, whole.response);
    await button(tab, 'Send').waitFor();
  }
  await removeSession(session);
});

story('stop generating reaches the engine and keeps what was written', async (person) => {
  const session = await runningSession('cut short');
  const page = await person.open(`/sessions/${session.id}/playground`);
  const id = await beginAnswer(page, session, 900);
  const begun = await writeAtLeast(session, id, 40);
  await shows(page, begun.slice(0, 40));

  await Promise.all([page.waitForRequest(/\/cancel$/), button(page, 'Stop generating').click()]);
  release(session);
  await button(page, 'Send').waitFor();
  const cut = await api('GET', `/completions/${id}`);
  assert.equal(cut.finish_reason, 'cancelled');
  assert.ok(cut.response.startsWith(begun) && cut.usage.completion_tokens < 900);
  await shows(page, cut.response);

  // The engine is free again: the next answer is whole.
  await ask(page, 'What is 12 + 30?');
  const next = page.getByRole('article', { name: 'Turn' }).nth(1);
  await next.getByText(/first token \d/).waitFor();
  await removeSession(session);
});

story('an answer is compared with that of another session', async (person) => {
  const first = await runningSession('final', { model: 'demo:final' });
  const other = await runningSession('early', { model: 'demo:early' });
  const page = await person.open(`/sessions/${first.id}/playground`);
  await ask(page, 'What is 12 + 30?');
  await turn(page).getByText(/first token \d/).waitFor();

  await button(turn(page), 'Send to another session').click();
  await page.getByRole('menuitem', { name: 'early' }).click();
  await turn(page).getByText(/first token \d/).nth(1).waitFor();
  const { items } = await apiUntil(`/sessions/${other.id}/completions`, ({ items }) => items[0]?.status === 'done');
  assert.equal(items.length, 1);
  assert.equal(items[0].request.messages.at(-1).content, 'What is 12 + 30?');
  const words = items[0].response.trim().split(/\s+/)[0];
  for (const reload of [false, true]) {
    if (reload) await page.reload();
    await turn(page).getByText('This session').waitFor();
    await turn(page).getByRole('link', { name: 'early' }).waitFor();
    await turn(page).getByText(words, { exact: false }).last().waitFor();
  }
  await button(turn(page), 'Take this answer away').click();
  await turn(page).getByText('This session').waitFor({ state: 'detached' });
  // It is gone from here only.
  assert.equal((await api('GET', `/completions/${items[0].id}`)).id, items[0].id);
  for (const session of [first, other]) await removeSession(session);
});
