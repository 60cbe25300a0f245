// The server dies under an open page and comes back: the page says so, loses nothing, and goes on without a reload.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { ask, button, story } from './browser.mjs';
import { DATA, URL_, api, runningSession } from './server.mjs';

/** Starts the server again where it was. What starts it for the tests ends whatever runs on its folder, this too. */
async function restart() {
  const log = join(DATA, 'restarted.log');
  const child = spawn(process.env.VIVA_PROGRAM, ['serve', '--listen', new URL(URL_).host, '--data', DATA], {
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
    detached: true,
  });
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}; see ${log}`)));
  });
  child.stdout.destroy();
  child.unref();
}

story('a page outlives its server', async (person) => {
  const session = await runningSession('goes on');
  const list = await person.open('/');
  await list.getByRole('row').filter({ hasText: 'goes on' }).waitFor();
  const page = await person.open(`/sessions/${session.id}/playground`);
  await ask(page, 'What is 12 + 30?');
  const turns = page.getByRole('article', { name: 'Turn' });
  await turns.getByText(/first token \d/).waitFor();
  const message = page.getByRole('textbox', { name: 'Message', exact: true });
  await message.fill('typed before the crash');
  for (const tab of [list, page]) await tab.evaluate(() => (window.isTheSamePage = true));

  process.kill(Number(process.env.VIVA_PID), 'SIGKILL');
  for (const tab of [list, page]) await tab.getByText('The server does not answer.', { exact: false }).waitFor();
  // What was there is still there, and what is asked for now is refused in words.
  await list.getByRole('row').filter({ hasText: 'goes on' }).waitFor();
  await button(page, 'Send').click();
  await page.getByRole('alert').first().waitFor();
  assert.equal(await message.inputValue(), 'typed before the crash');

  await restart();
  for (const tab of [list, page]) await tab.getByText('The server does not answer.', { exact: false }).waitFor({ state: 'detached' });
  // The session has run on, and its page works again.
  await message.fill('What is 10 + 20?');
  await button(page, 'Send').click();
  await turns.nth(1).getByText(/first token \d/).waitFor();
  assert.equal((await api('GET', `/sessions/${session.id}`)).status, 'running');
  // The list hears of changes again.
  await api('PATCH', `/sessions/${session.id}`, { name: 'went on' });
  await list.getByRole('row').filter({ hasText: 'went on' }).waitFor();
  for (const tab of [list, page]) assert.equal(await tab.evaluate(() => window.isTheSamePage), true);
});
