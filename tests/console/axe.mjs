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

/** Looks in the other theme, once no colour is on its way to it: what axe reads in between belongs to neither. */
async function turn(page, colorScheme) {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const running = () => document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    await frame();
    for (let frames = 0; running().length > 0 && frames < 200; frames += 1) {
      await Promise.allSettled(running().map(({ finished }) => finished));
      await frame();
    }
  });
}

/** The theme that a page was left in. */
const themes = new WeakMap();

/** Fails with whatever axe finds, in both themes unless said otherwise; `what` names the state that the page is in. */
export async function isAccessible(page, what, inThemes = 'both') {
  const present = themes.get(page) ?? 'light';
  assert.deepEqual(await violations(page), [], `${what}, ${present}`);
  if (inThemes !== 'both') return;
  // Only colours differ between the themes, and the next state is begun with in this one.
  const other = present === 'light' ? 'dark' : 'light';
  await turn(page, other);
  themes.set(page, other);
  assert.deepEqual(await violations(page, ['color-contrast', 'link-in-text-block']), [], `${what}, ${other}`);
}
