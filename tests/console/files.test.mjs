// The files of a session: added by button and by dropping them, gone on with after a broken connection, downloaded, deleted.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isAccessible } from './axe.mjs';
import { button, dialog, story, until } from './browser.mjs';
import { api, apiUntil, removeSession, runningSession } from './server.mjs';

const CSV = 'question,answer\nWhat is 12 + 30?,42\n';
const path = (session) => `/sessions/${session.id}/files`;
const listed = async (session) => (await api('GET', `${path(session)}`)).items;

/** Drops files onto the page as from the desktop. */
async function drop(page, files) {
  await page.evaluate((files) => {
    const data = new DataTransfer();
    for (const [name, text] of files) data.items.add(new File([text], name));
    const target = document.querySelector('main');
    for (const kind of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }, files);
}

story('files are added by button and by dropping them, downloaded and deleted', async (person) => {
  const session = await runningSession('with files');
  const page = await person.open(path(session));
  await page.getByRole('heading', { name: 'No files yet' }).waitFor();
  await isAccessible(page, 'no files yet');

  await page.getByLabel('Files to upload').setInputFiles({ name: 'cases.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
  const link = page.getByRole('link', { name: 'cases.csv', exact: true });
  await link.waitFor();
  await drop(page, [['notes/ä b.txt', 'one\ntwo\n'], ['empty.txt', '']]);
  for (const name of ['ä b.txt', 'empty.txt']) await page.getByRole('link', { name: new RegExp(`${name}$`) }).first().waitFor();
  const kept = await listed(session);
  const cases = kept.find((file) => file.path === 'cases.csv');
  assert.equal(cases.bytes, CSV.length);
  await page.getByText(cases.sha256.slice(0, 8)).waitFor();
  await page.getByText('This session').waitFor();
  await isAccessible(page, 'files');

  await button(page, 'Copy the SHA-256 of cases.csv').click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), cases.sha256);
  const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
  assert.equal(download.suggestedFilename(), 'cases.csv');
  assert.equal(readFileSync(await download.path(), 'utf8'), CSV);

  // The same name again is asked about.
  await drop(page, [['cases.csv', 'question\nnew\n']]);
  const asked = dialog(page, 'There already: 1 file');
  await isAccessible(page, 'a name that is taken');
  await button(asked, 'Keep both').click();
  await page.getByRole('link', { name: 'cases 2.csv', exact: true }).waitFor();

  await button(page, 'Delete cases 2.csv').click();
  const deleting = dialog(page, 'Delete this file for good?');
  await isAccessible(page, 'deleting a file');
  await button(deleting, 'Delete for good').click();
  await page.getByRole('link', { name: 'cases 2.csv', exact: true }).waitFor({ state: 'detached' });
  assert.equal((await listed(session)).length, 3);

  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForFunction(() => document.documentElement.scrollWidth <= 360);
  await isAccessible(page, 'files on a phone');
  await page.setViewportSize({ width: 1280, height: 900 });

  await api('POST', `/sessions/${session.id}/stop`, {});
  await page.getByText('no file can be added', { exact: false }).waitFor();
  assert.equal(await button(page, 'Upload').count(), 0);
  await isAccessible(page, 'files of an ended session');
  await removeSession(session);
});

story('a large upload goes on after a broken connection, and nothing is left of one that is cancelled', async (person) => {
  const session = await runningSession('large files');
  const page = await person.open(path(session));
  await page.getByRole('heading', { name: 'No files yet' }).waitFor();
  const bytes = Buffer.alloc(9_000_000, 'row of a large file\n');
  let parts = 0;
  await page.route('**/files/large.bin', async (route, request) => {
    const range = request.headers()['content-range'] ?? '';
    if (range.startsWith('bytes */')) return route.continue();
    parts += 1;
    return parts === 2 ? route.abort('connectionreset') : route.continue();
  });
  await page.getByLabel('Files to upload').setInputFiles({ name: 'large.bin', mimeType: 'application/octet-stream', buffer: bytes });
  await page.getByText('as soon as there is one', { exact: false }).waitFor();
  await isAccessible(page, 'an upload that waits for the connection');
  await page.getByRole('link', { name: 'large.bin', exact: true }).waitFor();
  // The part that broke off was sent again, no other.
  assert.equal(parts, 4);
  assert.equal((await listed(session))[0].bytes, bytes.length);

  await page.unroute('**/files/large.bin');
  await page.route('**/files/other.bin', async (route, request) => {
    const range = request.headers()['content-range'] ?? '';
    // The second part never arrives.
    if (range.startsWith('bytes */') || range.startsWith('bytes 0-')) await route.continue();
  });
  await page.getByLabel('Files to upload').setInputFiles({ name: 'other.bin', mimeType: 'application/octet-stream', buffer: bytes });
  await page.getByText('4 MB of 9 MB', { exact: false }).waitFor();
  await button(page, 'Cancel the upload of other.bin').click();
  await page.getByRole('list', { name: 'Uploads' }).waitFor({ state: 'detached' });
  await until('only the whole file is listed', async () => (await listed(session)).length === 1);
  await removeSession(session);
  await apiUntil('/sessions', ({ items }) => items.every(({ id }) => id !== session.id));
});
