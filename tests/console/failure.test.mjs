// A session that fails: the reason is read where the status stands, with its figures and log, and can be taken along.

import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { story } from './browser.mjs';
import { DATA, api, apiUntil, enginesOf, runningSession } from './server.mjs';

/** Spoils the file of the newest demo model, as a bad disk would. */
async function damageModel() {
  const { items } = await api('GET', '/models');
  const file = join(DATA, 'models/blobs', `sha256-${items[0].files[0].sha256}`);
  const bytes = readFileSync(file);
  for (let at = 64; at < 4_096; at++) bytes[at] ^= 0x5a;
  // Written anew: the file may be shared with others, and is read-only.
  rmSync(file);
  writeFileSync(file, bytes);
  return items[0];
}

async function isWholeCard(page, within, { reason }) {
  await within.getByText(reason.message.replaceAll('`', ''), { exact: false }).first().waitFor();
  if (reason.details.log_tail.length > 0) {
    const log = within.getByRole('region', { name: "The log's last lines" });
    assert.deepEqual((await log.innerText()).trim().split('\n'), reason.details.log_tail.slice(-8));
  }
  for (const hint of reason.details.hints) await within.getByText(hint.split('`')[0].trim(), { exact: false }).first().waitFor();
  await within.getByRole('button', { name: 'Copy the reason' }).click();
  await within.getByText('Copied').first().waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  for (const part of [reason.code, reason.message, ...reason.details.log_tail]) assert.ok(copied.includes(part), copied);
}

story('a damaged model is told with its figures and what to try', async (person) => {
  const model = await damageModel();
  const page = await person.open('/');
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  // Shown as failed by itself, in the list that is open.
  const { id } = await api('POST', '/sessions', { model: model.id, name: 'night run' });
  const failed = await apiUntil(`/sessions/${id}`, ({ status }) => status === 'failed');
  const row = page.getByRole('row').filter({ hasText: 'night run' });
  const status = row.getByRole('button', { name: /^Failed/ });
  await status.waitFor();

  // By the pointer, and by the keyboard.
  await status.hover();
  const card = row.getByRole('group');
  await card.waitFor();
  await page.mouse.move(0, 0);
  await card.waitFor({ state: 'detached' });
  await row.getByRole('link', { name: 'night run' }).focus();
  await page.keyboard.press('Tab');
  await isWholeCard(page, card, failed);
  await card.getByRole('term').filter({ hasText: 'Exit code' }).waitFor();
  await card.getByText(String(failed.reason.details.exit_code), { exact: true }).waitFor();
  await card.getByRole('link', { name: 'Look at the model' }).waitFor();
  await page.keyboard.press('Escape');
  await card.waitFor({ state: 'detached' });

  await row.getByRole('link', { name: 'night run' }).click();
  await page.getByRole('button', { name: 'Why, and what to try' }).click();
  await isWholeCard(page, page.getByRole('main'), failed);
  assert.match(await page.title(), /^Failed · night run/);
  await page.getByRole('link', { name: 'Look at the model' }).click();
  await page.waitForURL(`**/models/${model.id}`);
});

story('a runtime that crashes under an open page is told with its log', async (person) => {
  const session = await runningSession('cut down', { model: 'demo:early' });
  const page = await person.open(`/sessions/${session.id}/playground`);
  await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
  for (const pid of enginesOf(session)) process.kill(pid, 'SIGABRT');

  await page.getByRole('button', { name: 'Why, and what to try' }).click();
  const main = page.getByRole('main');
  const failed = await api('GET', `/sessions/${session.id}`);
  assert.deepEqual([failed.reason.code, failed.reason.details.signal], ['runtime_crashed', 6]);
  assert.ok(failed.reason.details.log_tail.length > 0);
  await isWholeCard(page, main, failed);
  await main.getByRole('term').filter({ hasText: 'Signal' }).waitFor();
  await main.getByText('6 (aborted)').waitFor();
  // In place of the message box: what to expect.
  await page.getByRole('region', { name: 'The session failed' }).waitFor();
  await main.getByRole('link', { name: 'New session like this one' }).first().click();
  await page.getByText('Filled in like “cut down”', { exact: false }).waitFor();
});
