// Somebody who looks at something else is told of what matters: ready, failed, about to end; who looks is not.

import assert from 'node:assert/strict';
import { button, story, until } from './browser.mjs';
import { api, apiUntil, enginesOf, removeSession, runningSession } from './server.mjs';

/** The browser's own notifications, written down; and whether somebody looks, which a driven browser always claims. */
function witness() {
  window.told = [];
  window.isLookedAt = true;
  document.hasFocus = () => window.isLookedAt;
  const Real = window.Notification;
  window.Notification = class extends Real {
    constructor(title, options) {
      super(title, options);
      window.told.push({ title, ...options });
    }
  };
}

const told = (page) => page.evaluate(() => window.told);

story('what happens to a session is told to who looks elsewhere', async (person) => {
  await person.context.grantPermissions(['notifications']);
  await person.context.addInitScript(witness);
  const page = await person.open('/settings');
  await page.getByText('They are off.').waitFor();
  await button(page, 'Turn on').click();
  await page.getByText('They are on.').waitFor();
  await page.goto('/');

  // Looked at: the page itself says it.
  const seen = await runningSession('seen');
  await page.getByRole('row').filter({ hasText: 'seen' }).getByText('Running', { exact: true }).waitFor();
  await removeSession(seen);
  await page.getByRole('row').filter({ hasText: 'seen' }).waitFor({ state: 'detached' });

  await page.evaluate(() => (window.isLookedAt = false));
  // The last fifth of its ten seconds is soon.
  const short = await runningSession('short', { stop: { after_seconds: 10 } });
  const broken = await runningSession('broken');
  for (const pid of enginesOf(broken)) process.kill(pid, 'SIGABRT');
  const failed = await apiUntil(`/sessions/${broken.id}`, ({ status }) => status === 'failed');
  await until('the failure is told', async () => (await told(page)).some(({ title }) => title === 'Failed: broken'));
  await until('the end is told', async () => (await told(page)).some(({ title }) => title === 'Ending soon: short'));

  const all = await told(page);
  assert.ok(all.every(({ title }) => !title.includes('seen')), JSON.stringify(all));
  assert.equal(all.find(({ title }) => title === 'Failed: broken').body, failed.reason.message);
  assert.match(all.find(({ title }) => title === 'Ending soon: short').body, /^It stops in \d\ss\.$/);
  assert.equal(all.filter(({ title }) => title === 'Ready: short').length, 1);
  // Each once, however often the page hears of the session.
  assert.equal(new Set(all.map(({ tag }) => tag)).size, all.length);
  await api('DELETE', `/sessions/${short.id}?confirm=delete`);
});
