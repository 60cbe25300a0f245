import { afterEach, expect, it, vi } from 'vitest';
import type { Completion } from '$/api/types';
import { Follower } from './follower.svelte';

const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

function answer(...chunks: string[]): Response {
  return new Response(chunks.join(''), { headers: { 'content-type': 'text/event-stream' } });
}

const running = { id: 'cmpl_1', status: 'running', response: '' } as Completion;
const done = { ...running, status: 'done', response: '😀 done' } as Completion;

function followed(): Promise<Completion | null> {
  return new Promise((resolve) => new Follower(resolve, () => resolve(null)).follow(running));
}

afterEach(() => vi.unstubAllGlobals());

/** Answers each request with the next of `answers`; gives the offsets that were asked for. */
function serve(...answers: (Response | Error)[]): (string | null)[] {
  const asked: (string | null)[] = [];
  vi.stubGlobal('fetch', (address: string) => {
    asked.push(new URL(address, 'http://x').searchParams.get('from'));
    const next = answers.shift()!;
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  });
  return asked;
}

it('goes on after a lost connection from the character it has, counted as the server counts', async () => {
  const asked = serve(answer(event('text', { from: 0, text: '😀 d' })), new TypeError('network'), answer(event('done', done)));
  expect(await followed()).toEqual(done);
  expect(asked).toEqual(['0', '3', '3']);
});

it('takes a piece that it has in part for what is new of it', async () => {
  const asked = serve(answer(event('text', { from: 1, text: ' done' })), answer(event('done', done)));
  const follower = new Follower(() => {}, () => {});
  follower.follow({ ...running, response: '😀 d' } as Completion);
  await vi.waitFor(() => expect(follower.texts.get('cmpl_1')).toBe('😀 done'), { interval: 5 });
  await vi.waitFor(() => expect(asked).toEqual(['3', '6']), { timeout: 5_000 });
});

it('asks again where a connection has gone quiet', async () => {
  vi.useFakeTimers();
  try {
    vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
      if (isQuiet) return Promise.resolve(answer(event('done', done)));
      isQuiet = true;
      return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)));
    });
    let isQuiet = false;
    const end = followed();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await end).toEqual(done);
  } finally {
    vi.useRealTimers();
  }
});

it('gives up on an answer that was deleted', async () => {
  serve(new Response('{}', { status: 404 }));
  expect(await followed()).toBeNull();
});
