// Much of everything: 10,000 sessions and a conversation of 500 messages, written into the database. What is drawn stays
// little, and scrolling reaches all of it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { story, until } from './browser.mjs';
import { DATA, answered, api, apiUntil, runningSession } from './server.mjs';

const SESSIONS = 10_000;
const TURNS = 250;
/** Of scripts, as they come over the line, until the list of sessions stands. */
const MOST_SCRIPT_BYTES = 150_000;
/** Of the rows, as many as a tall window shows, and those drawn beyond its edges. */
const MOST_DRAWN = 60;

let made;
/** A stopped session with a long conversation, and its many likes. */
async function make() {
  const session = await runningSession('the model of all');
  await answered(session, 'Question 1', { conversation: 'long' });
  await api('POST', `/sessions/${session.id}/stop`, {});
  await apiUntil(`/sessions/${session.id}`, ({ status }) => status === 'stopped');
  const program = fileURLToPath(new URL('enlarge.py', import.meta.url));
  execFileSync(process.env.VIVA_TEST_PYTHON ?? 'python3', [program, `${DATA}/viva.db`, String(SESSIONS), String(TURNS)]);
  return session;
}
const population = () => (made ??= make());

story('ten thousand sessions are listed, scrolled and searched', async (person) => {
  await population();
  const page = await person.open('/');
  const rows = page.getByRole('row');
  await page.getByRole('link', { name: 'the model of all' }).waitFor();
  assert.ok((await rows.count()) < MOST_DRAWN, `${await rows.count()} rows are drawn`);

  // Down over many pages of the list; each is read when its place comes near.
  const reached = async () => Number((await page.getByRole('link', { name: /^like it/ }).last().innerText()).slice(-5));
  await page.mouse.move(400, 400);
  await until('a thousand rows are passed', async () => {
    await page.mouse.wheel(0, 4_000);
    assert.ok((await rows.count()) < MOST_DRAWN, `${await rows.count()} rows are drawn`);
    return (await reached()) > 1_000;
  });
  await page.keyboard.press('Home');
  await page.getByRole('link', { name: 'the model of all' }).waitFor();

  await page.keyboard.press('/');
  await page.keyboard.type('like it 09999');
  await page.getByRole('link', { name: 'like it 09999' }).waitFor();
  await page.getByRole('link', { name: 'the model of all' }).waitFor({ state: 'detached' });
  assert.equal(await rows.count(), 2);
});

story('a conversation of five hundred messages opens at its end and scrolls to its beginning', async (person) => {
  const session = await population();
  const page = await person.open(`/sessions/${session.id}/playground?conversation=long`);
  const turns = page.getByRole('article', { name: 'Turn' });
  const question = (number) => turns.getByText(`Question ${number}`, { exact: true });
  await question(TURNS).waitFor();
  const isInView = (number) =>
    question(number).evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return bottom > 0 && top < window.innerHeight;
    });
  await until('the last question is in view', () => isInView(TURNS));
  assert.ok((await turns.count()) < MOST_DRAWN / 2, `${await turns.count()} turns are drawn`);

  await page.mouse.move(400, 400);
  await until('the first question is reached', async () => {
    if (await question(1).count()) return isInView(1);
    await page.mouse.wheel(0, -6_000);
    return false;
  });
  assert.ok((await turns.count()) < MOST_DRAWN / 2, `${await turns.count()} turns are drawn`);
  await page.getByRole('button', { name: 'To the end' }).click();
  await until('the last question is in view again', async () => (await question(TURNS).count()) > 0 && isInView(TURNS));

  await page.goto(`/sessions/${session.id}/history`);
  const entries = page.getByRole('listitem').filter({ hasText: 'Question' });
  await entries.first().waitFor();
  assert.ok((await entries.count()) < MOST_DRAWN, `${await entries.count()} entries are drawn`);
});

story('the first page takes little to load', async (person) => {
  await population();
  // Of the documentation: it has none of the console's scripts.
  const page = await person.open('/docs/start');
  const scripts = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') scripts.push(request.sizes().then((sizes) => sizes.responseBodySize));
  });
  await page.goto('/');
  await page.getByRole('link', { name: 'the model of all' }).waitFor();
  const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  assert.ok(scripts.length > 3 && bytes > 10_000 && bytes < MOST_SCRIPT_BYTES, `${scripts.length} scripts of ${bytes} bytes`);
});
