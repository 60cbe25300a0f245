// Everything by the keyboard alone.

import assert from 'node:assert/strict';
import { button, story } from './browser.mjs';
import { removeSession, runningSession } from './server.mjs';

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim());

story('keys lead anywhere', async (person) => {
  const session = await runningSession('refund-bot');
  const page = await person.open('/');
  await page.getByRole('row').filter({ hasText: 'refund-bot' }).waitFor();

  // The first stop of the keyboard leads past the header.
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the page');

  await page.keyboard.press('/');
  const search = page.getByRole('searchbox');
  assert.match(await focused(page), /^Search sessions/);
  await page.keyboard.type('nothing like it');
  await page.waitForURL(/q=nothing/);
  await page.getByRole('row').filter({ hasText: 'refund-bot' }).waitFor({ state: 'detached' });
  // Typed letters are no commands.
  assert.equal(new URL(page.url()).pathname, '/');
  await page.keyboard.press('Escape');
  await page.getByRole('row').filter({ hasText: 'refund-bot' }).waitFor();
  assert.equal(await search.inputValue(), '');
  await page.keyboard.press('Escape');

  await page.keyboard.press('n');
  await page.getByRole('heading', { level: 1, name: 'New session' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();

  // Anywhere by the palette, also while typing.
  await page.keyboard.press('/');
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Go anywhere' });
  await palette.waitFor();
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('refund');
  await palette.getByRole('option', { name: /^refund-bot/, selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/sessions/${session.id}/playground**`);
  await page.getByRole('heading', { level: 1, name: 'refund-bot' }).waitFor();

  await page.keyboard.press('Control+k');
  await palette.getByRole('option', { name: 'Settings' }).waitFor();
  await page.keyboard.type('sett');
  await palette.getByRole('option', { name: 'Settings', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();

  // A menu, and a dialog that gives the focus back.
  await page.goto(`/sessions/${session.id}/details`);
  const menu = button(page, 'Actions on this session');
  await menu.focus();
  await page.keyboard.press('Enter');
  const extend = page.getByRole('menuitem', { name: 'Extend' });
  await extend.waitFor();
  while (!(await extend.evaluate((entry) => entry === document.activeElement))) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Extend refund-bot' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.waitForFunction((label) => document.activeElement?.getAttribute('aria-label') === label, 'Actions on this session');
  await removeSession(session);
});

story('a conversation by the keyboard', async (person) => {
  const session = await runningSession('typed');
  const page = await person.open(`/sessions/${session.id}/playground`);
  const message = page.getByRole('textbox', { name: 'Message', exact: true });
  await message.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('What is');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('12 + 30?');
  assert.equal(await message.inputValue(), 'What is\n12 + 30?');
  await page.keyboard.press('Enter');
  const turn = page.getByRole('article', { name: 'Turn' });
  await turn.getByText(/first token \d/).waitFor();
  assert.equal(await message.inputValue(), '');
  assert.equal(await turn.count(), 1);

  // ↑ edits the last message; Escape leaves it as it was; Enter asks again, and the first answer stays as a version.
  await message.focus();
  await page.keyboard.press('ArrowUp');
  const edit = page.getByRole('textbox', { name: 'Edit the message' });
  await edit.waitFor();
  assert.equal(await edit.inputValue(), 'What is\n12 + 30?');
  await page.keyboard.type(' No matter.');
  await page.keyboard.press('Escape');
  await edit.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Message');
  await page.keyboard.press('ArrowUp');
  await edit.waitFor();
  assert.equal(await edit.inputValue(), 'What is\n12 + 30?');
  await edit.fill('What is 20 + 30?');
  await page.keyboard.press('Enter');
  await turn.getByText('What is 20 + 30?', { exact: true }).waitFor();
  await page.getByRole('group', { name: 'Versions of this answer' }).getByText('2/2').waitFor();
  await turn.getByText(/first token \d/).waitFor();
  await button(page, 'Version before').click();
  await turn.getByText('12 + 30?', { exact: false }).waitFor();
  await removeSession(session);
});
