// Debian's Chromium as a person uses it: one browser for a file of tests, a fresh profile for each test. Whatever the page
// threw, logged as an error, or was forbidden by the Content-Security-Policy fails the test at its end.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';
import { PATIENCE, TOKEN, URL_ } from './server.mjs';

let browser;
async function launch() {
  browser ??= await chromium.launch({
    executablePath: process.env.VIVA_TEST_CHROMIUM ?? '/usr/bin/chromium',
    timeout: PATIENCE,
    args: ['--no-sandbox', '--disable-gpu', '--disable-lcd-text', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return browser;
}
after(() => browser?.close());

/** Errors that a test brings about by itself, as the browser words them. */
const EXPECTED = /Failed to load resource: (the server responded with a status of 4\d\d|net::ERR_)/;

export class Person {
  /** What went wrong in any of their tabs. */
  faults = [];

  constructor(context) {
    this.context = context;
    context.setDefaultTimeout(PATIENCE);
  }

  /**
   * Somebody with a browser of their own. `theme` is light or dark, `elsewhere` another site that they may go to; the rest
   * are options of a browser context. Nothing moves unless asked for: movement costs the machine most of its time, and
   * nobody looks.
   */
  static async arrive({ theme = 'light', elsewhere = null, ...options } = {}) {
    const context = await (await launch()).newContext({
      baseURL: URL_,
      colorScheme: theme,
      locale: 'en-GB',
      viewport: { width: 1280, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
      reducedMotion: 'reduce',
      ...options,
    });
    const person = new Person(context);
    await context.exposeBinding('reportViolation', (_, what) => person.faults.push(what));
    // Nothing is loaded from elsewhere.
    context.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      const asking = new URL(request.frame().url()).origin;
      const isAllowed = origin === new URL(URL_).origin || (elsewhere && [origin, asking].includes(elsewhere));
      if (protocol.startsWith('http') && !isAllowed) person.faults.push(`asked of elsewhere: ${request.url()}`);
    });
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        window.reportViolation(`Content-Security-Policy: ${event.violatedDirective} forbids ${event.blockedURI} in ${event.sourceFile}`),
      );
    });
    return person;
  }

  /** The browser is let in as by the form, without showing it. */
  async logIn() {
    const answer = await this.context.request.post('/api/v1/login', { data: { token: TOKEN }, headers: { origin: URL_ } });
    assert.equal(answer.status(), 204, await answer.text());
  }

  /** A tab, led to this address of the console. */
  async open(path) {
    const page = await this.context.newPage();
    page.on('pageerror', (error) => this.faults.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.faults.push(message.text());
    });
    await page.goto(path);
    return page;
  }
}

/** A test of what somebody who is logged in does: `run(person)`. */
export function story(name, run, options) {
  test(name, async () => {
    const person = await Person.arrive(options);
    try {
      if (options?.isStranger !== true) await person.logIn();
      await run(person);
      assert.deepEqual(person.faults, []);
    } catch (error) {
      throw await witnessed(error, person);
    } finally {
      await person.context.close();
    }
  });
}

/** The error with what the tabs showed when it happened. */
async function witnessed(error, person) {
  const seen = [];
  for (const page of person.context.pages()) {
    const text = await page.locator('body').innerText({ timeout: 5_000 }).catch(String);
    seen.push(`--- ${page.url()}\n${text}`);
  }
  error.stack += `\nFaults: ${person.faults.join('\n')}\nThe tabs showed:\n${seen.join('\n')}`;
  return error;
}

/** Waits until `is` answers something true, and returns it. */
export async function until(what, is) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await is();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

/** The dialog with this title. */
export const dialog = (page, name) => page.getByRole('dialog', { name });

/** A button with exactly this name. */
export const button = (within, name) => within.getByRole('button', { name, exact: true });

/** Asks in the playground. */
export async function ask(page, text) {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text);
  await button(page, 'Send').click();
}
