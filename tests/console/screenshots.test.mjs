// The pictures of the README, of the real thing: written to docs/images where VIVA_SCREENSHOTS is set.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ask, button, story } from './browser.mjs';
import { TOKEN, URL_, answered, api, apiUntil, enginesOf, runningSession } from './server.mjs';
import { withFewColours } from './png.mjs';

const FOLDER = new URL('../../docs/images/', import.meta.url);
const MOST_BYTES = 150_000;
const shape = { viewport: { width: 1280, height: 640 }, deviceScaleFactor: 1.5 };

async function picture(page, name) {
  // Where the pointer rests nothing is to be lit up.
  await page.mouse.move(0, 0);
  const bytes = withFewColours(await page.screenshot());
  assert.ok(bytes.length < MOST_BYTES, `${name} has ${bytes.length} bytes`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(`${name}.png`, FOLDER), bytes);
}

/** A private model of this name: the demo model's early checkpoint under another name. */
async function addModel(name, version) {
  const file = readFileSync(new URL('../../assets/demo/demo-early.gguf', import.meta.url));
  const response = await fetch(`${URL_}/api/v1/models?name=${name}&version=${version}&filename=${name}.gguf`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}` },
    body: file,
  });
  assert.equal(response.status, 201, await response.text());
}

async function ended(session, status) {
  if (status === 'stopped') await api('POST', `/sessions/${session.id}/stop`, {});
  else for (const pid of enginesOf(session)) process.kill(pid, 'SIGABRT');
  await apiUntil(`/sessions/${session.id}`, (session) => session.status === status);
}

story('a conversation', async (person) => {
  const session = await runningSession('first look', { stop: { after_seconds: 2_700 } });
  const page = await person.open(`/sessions/${session.id}/playground`);
  await page.getByLabel('Purpose').click();
  await page.getByRole('option', { name: 'Technical explanation' }).click();
  const turns = page.getByRole('article', { name: 'Turn' });
  for (const [index, question] of ['What is Viva?', 'What is 27 + 15?', 'What is the capital of Portugal?'].entries()) {
    await ask(page, question);
    await turns.nth(index).getByText(/first token \d/).waitFor();
  }
  await button(page, 'Send').waitFor();
  await picture(page, 'playground');
  await ended(session, 'stopped');
}, { ...shape, theme: 'dark', viewport: { width: 1280, height: 800 } });

story('sessions of every status', async (person) => {
  await addModel('refund-bot', 'v3');
  const talk = async (session, times) => {
    for (let at = 0; at < times; at++) await answered(session, `What is ${10 + at} + 7?`);
  };
  const night = await runningSession('night run', { model: 'refund-bot' });
  await talk(night, 3);
  await ended(night, 'failed');
  const tone = await runningSession('tone of voice', { model: 'demo:early', stop: { max_interactions: 4 } });
  await talk(tone, 4);
  await apiUntil(`/sessions/${tone.id}`, ({ status }) => status === 'stopped');
  const check = await runningSession('refund-bot v3 check', { model: 'refund-bot', stop: { after_seconds: 2_467 } });
  await talk(check, 12);
  const capitals = await runningSession('capitals, final against early', { stop: { after_seconds: 5_400, max_tokens: 20_000 } });
  await talk(capitals, 5);
  await api('POST', '/sessions', { model: 'demo', name: 'next in line' });

  const page = await person.open('/');
  for (const text of ['Queued, place 1', 'Failed', 'interaction limit']) await page.getByRole('table').getByText(text, { exact: true }).first().waitFor();
  await picture(page, 'sessions');
}, { ...shape, viewport: { width: 1280, height: 440 } });
