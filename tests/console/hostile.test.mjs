// Text that would be code, wherever a page shows what a model, a person or a file said: it is drawn as text, runs nothing and
// fetches nothing. Every test fails on a violation of the Content-Security-Policy or a request to elsewhere besides.

import assert from 'node:assert/strict';
import { button, story } from './browser.mjs';
import { answered, api, removeSession, runningSession } from './server.mjs';

const hostile = [
  '<script>hit()</script>',
  '<img src=x onerror="hit()">',
  '<svg onload="hit()"><script>hit()</script></svg>',
  '<iframe srcdoc="<script>parent.hit()</script>"></iframe>',
  '<style>*{background:url(https://elsewhere.example/s)}</style>',
  '<meta http-equiv="refresh" content="0;url=https://elsewhere.example">',
  '[link](javascript:hit())',
  '[link](java&#115;cript:hit())',
  '![picture](https://elsewhere.example/pixel.png)',
  '[link](data:text/html,<script>hit()</script>)',
  '$$\\href{javascript:hit()}{x}$$',
  '<a href="javascript:hit()" onmouseover="hit()">link</a>',
];

/** The model really says this: its answer is held to a schema that allows nothing else. */
const saying = (text) => ({
  messages: [{ role: 'user', content: text }],
  response_format: { type: 'json_schema', json_schema: { name: 'said', schema: { enum: [text] } } },
});

/** Whatever would have run is called here. */
const trap = (person) => person.context.addInitScript(() => (window.hit = () => (window.wasHit = true)));

async function isHarmless(page) {
  // What is drawn as a link or a button is tried, too.
  for (const link of await page.getByRole('main').getByRole('link', { name: /^(link|x)$/ }).all()) {
    assert.match(await link.getAttribute('href'), /^https?:/);
  }
  const found = await page.evaluate(() => {
    const all = [...document.body.querySelectorAll('*')];
    return all
      .filter((element) => element.matches('script:not([src^="/assets/"]), iframe, object, embed, base, meta, style, img:not([src^="data:image/"])') ||
        element.getAttributeNames().some((name) => name.startsWith('on')) ||
        /^\s*(javascript|data|vbscript):/i.test(element.getAttribute('href') ?? ''))
      .map((element) => element.outerHTML);
  });
  assert.deepEqual(found, []);
  assert.equal(await page.evaluate(() => window.wasHit), undefined);
}

story('what a model says never runs', async (person) => {
  await trap(person);
  const session = await runningSession('<img src=x onerror=hit()>', { description: hostile.join(' ').slice(0, 200) });
  const page = await person.open('/');
  let completion;
  // A few at a time: the model's context is small.
  for (let at = 0; at < hostile.length; at += 4) {
    const text = hostile.slice(at, at + 4).join(' ');
    completion = await answered(session, text, { conversation: `hostile ${at}`, ...saying(text) });
    assert.equal(JSON.parse(completion.response), text);
    await page.goto(`/sessions/${session.id}/playground?conversation=hostile%20${at}`);
    const turn = page.getByRole('article', { name: 'Turn' });
    await turn.getByText(/first token \d/).waitFor();
    await turn.getByText(hostile[at].slice(0, 8), { exact: false }).first().waitFor();
    await isHarmless(page);
  }
  for (const name of ['View code', 'Show prompt']) {
    await button(page, name).first().click();
    await page.getByRole('dialog').getByText('hit()', { exact: false }).first().waitFor();
    await isHarmless(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  await page.goto(`/sessions/${session.id}/history?open=${completion.id}&q=href`);
  await page.getByRole('complementary', { name: 'Figures' }).waitFor();
  await page.locator('mark').first().waitFor();
  await isHarmless(page);

  for (const path of ['/', `/sessions/${session.id}/details`, `/sessions/${session.id}/activity`]) {
    await page.goto(path);
    await page.getByText('<img src=x onerror=hit()>').first().waitFor();
    await isHarmless(page);
  }
  await removeSession(session);
});

story('what an address says never runs', async (person) => {
  await trap(person);
  const script = encodeURIComponent('"><script>hit()</script><img src=x onerror=hit()>');
  const page = await person.open('/');
  for (const path of [`/?q=${script}`, `/models?q=${script}`, `/documentation?ask=${script}`, `/sessions/${script}`, `/nowhere/${script}`]) {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await isHarmless(page);
  }
  // A login leads to the console's own pages alone.
  await page.goto(`/login?next=${encodeURIComponent('//elsewhere.example/')}`);
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  await page.goto(`/login?next=${encodeURIComponent('javascript:hit()')}`);
  await page.getByRole('heading', { level: 1, name: 'Sessions' }).waitFor();
  await isHarmless(page);
  assert.equal((await api('GET', '/sessions')).items.length, 0);
});
