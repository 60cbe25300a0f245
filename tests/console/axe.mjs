// axe-core on a page as it stands.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Evaluated by the debugger, so the page's policy stands as it is. */
async function violations(page, rules) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const found = await page.evaluate(
    (runOnly) => window.axe.run(document, { resultTypes: ['violations'], ...(runOnly ? { runOnly } : {}) }),
    rules,
  );
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n  ${node.failureSummary}`));
}

/** Once no colour is on its way to another: what axe reads in between belongs to neither theme. */
const settled = (page) =>
  page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    // A colour that is inherited starts on its way when its parent's has arrived.
    for (let still = 0, frames = 0; still < 5 && frames < 200; frames += 1) {
      await frame();
      const running = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
      still = running.length === 0 ? still + 1 : 0;
      await Promise.allSettled(running.map(({ finished }) => finished));
    }
  });

/** Fails with whatever axe finds, in both themes unless said otherwise; `what` names the state that the page is in. */
export async function isAccessible(page, what, themes = ['light', 'dark']) {
  assert.deepEqual(await violations(page), [], `${what}, light`);
  if (!themes.includes('dark')) return;
  // Only colours differ between the themes.
  await page.emulateMedia({ colorScheme: 'dark' });
  await settled(page);
  assert.deepEqual(await violations(page, ['color-contrast', 'link-in-text-block']), [], `${what}, dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await settled(page);
}
