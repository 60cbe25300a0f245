// The server under test, past the console: what the tests prepare, and what they compare with.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';

function given(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: these tests are run by crates/viva/tests/e2e/browser.rs`);
  return value;
}

/** How long anything is waited for, in milliseconds: the machine may be busy with other tests. */
export const PATIENCE = 90_000;

export const URL_ = given('VIVA_URL');
/** The identity provider's address, of a test that has one. */
export const PROVIDER = process.env.VIVA_PROVIDER ?? null;
export const TOKEN = given('VIVA_TOKEN');
/** Its data folder, named in the command line of everything that it runs. */
export const DATA = given('VIVA_DATA');

/** Asks `/api/v1` with the owner's token; the body of a good answer. */
export async function api(method, path, body) {
  const response = await fetch(`${URL_}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
}

/** What `path` answers, once it is as wanted. */
export async function apiUntil(path, isWanted) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await api('GET', path);
    if (isWanted(answer)) return answer;
    assert.ok(Date.now() < end, `waited in vain, last seen: ${JSON.stringify(answer)}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

/** A session on the demo model, Running. */
export async function runningSession(name, more = {}) {
  const { id } = await api('POST', '/sessions', { model: 'demo', name, ...more });
  return apiUntil(`/sessions/${id}`, (session) => session.status === 'running');
}

/** An answer in a session's history, done. */
export async function answered(session, content, more = {}) {
  const { id } = await api('POST', `/sessions/${session.id}/completions`, {
    temperature: 0,
    messages: [{ role: 'user', content }],
    ...more,
  });
  return apiUntil(`/completions/${id}`, (completion) => completion.status === 'done');
}

/** Stops a session and deletes it, so that the next test finds the place free. */
export async function removeSession(session) {
  await api('DELETE', `/sessions/${session.id}?confirm=delete`);
}

/** Processes of this server whose command line holds `word`. */
export function processes(word) {
  return readdirSync('/proc').filter((pid) => {
    try {
      const line = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
      return line.includes(DATA) && line.includes(word);
    } catch {
      return false;
    }
  }).map(Number);
}

/** The processes that hold a session's model. */
export const enginesOf = (session) => processes('\0engine\0').filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(session.id));

/** Halts a session's engine where it is, as long as the test looks at an answer that is being written. */
export function hold(session) {
  for (const pid of enginesOf(session)) process.kill(pid, 'SIGSTOP');
}

export function release(session) {
  for (const pid of enginesOf(session)) process.kill(pid, 'SIGCONT');
}

/**
 * Lets a held engine go on until an answer has this many characters, and holds it again; returns the text so far. In pulses:
 * on a busy machine an engine left to itself would be done before its text is read here.
 */
export async function writeAtLeast(session, completion, characters) {
  const response = await fetch(`${URL_}/api/v1/completions/${completion}/stream?from=0`, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 200);
  const pids = enginesOf(session);
  let isHeld = true;
  const pulse = setInterval(() => {
    for (const pid of pids) process.kill(pid, isHeld ? 'SIGCONT' : 'SIGSTOP');
    isHeld = !isHeld;
  }, 10);
  let [text, unread] = ['', ''];
  try {
    for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
      const events = (unread + bytes).split('\n\n');
      unread = events.pop();
      for (const event of events) {
        assert.ok(!event.includes('event: done'), 'the answer was over before it could be held');
        if (event.includes('event: text')) text += JSON.parse(event.slice(event.indexOf('data: ') + 6)).text;
      }
      if ([...text].length >= characters) break;
    }
  } finally {
    clearInterval(pulse);
    hold(session);
  }
  return text;
}
