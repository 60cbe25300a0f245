// Follows answers that are being written, through lost connections, until each is over.

import { SvelteMap } from 'svelte/reactivity';
import { completions } from '$/api/completions';
import { toApiError } from '$/api/error';
import type { Completion } from '$/api/types';

/** Text is drawn at most this often: more would only be work. */
const DRAW_EVERY_MS = 60;
const FIRST_WAIT_MS = 300;
/** The stream has no sign of life of its own: after this long without a word it is asked for again, from where it was. */
const SILENCE_MS = 15_000;
const LONGEST_WAIT_MS = 5_000;

interface Followed {
  abort: AbortController;
  /** Ends the present connection so that another is made. */
  again: AbortController;
}

export class Follower {
  /** Text so far of the answers that are being written, by completion. */
  readonly texts = new SvelteMap<string, string>();
  /** Answers whose connection is lost at present. */
  readonly lost = new SvelteMap<string, true>();
  readonly #followed = new Map<string, Followed>();
  readonly #onDone: (completion: Completion) => void;
  readonly #onGone: (id: string) => void;

  constructor(onDone: (completion: Completion) => void, onGone: (id: string) => void) {
    this.#onDone = onDone;
    this.#onGone = onGone;
  }

  follow(completion: Completion): void {
    if (this.#followed.has(completion.id)) return;
    const followed: Followed = { abort: new AbortController(), again: new AbortController() };
    this.#followed.set(completion.id, followed);
    this.texts.set(completion.id, completion.response);
    void this.#run(completion.id, completion.response, followed);
  }

  /** The server is back, or may have been another: connections that are still open may be dead. */
  reconnect(): void {
    for (const followed of this.#followed.values()) followed.again.abort();
  }

  stop(): void {
    for (const followed of this.#followed.values()) {
      followed.abort.abort();
      followed.again.abort();
    }
    this.#followed.clear();
  }

  async #run(id: string, start: string, followed: Followed): Promise<void> {
    let text = start;
    // Offsets count Unicode scalar values, not UTF-16 units.
    let length = [...text].length;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      this.texts.set(id, text);
    };
    let done: Completion | null = null;
    let wait = FIRST_WAIT_MS;
    while (!done && !followed.abort.signal.aborted) {
      const again = (followed.again = new AbortController());
      let silence = setTimeout(() => again.abort(), SILENCE_MS);
      try {
        await completions.follow(
          id,
          length,
          {
            onText: (piece) => {
              if (piece.from > length) return;
              const fresh = [...piece.text].slice(length - piece.from);
              text += fresh.join('');
              length += fresh.length;
              timer ??= setTimeout(draw, DRAW_EVERY_MS);
            },
            onDone: (completion) => (done = completion),
          },
          again.signal,
          () => {
            clearTimeout(silence);
            silence = setTimeout(() => again.abort(), SILENCE_MS);
            wait = FIRST_WAIT_MS;
            this.lost.delete(id);
          },
        );
      } catch (thrown) {
        if (followed.abort.signal.aborted) break;
        if (toApiError(thrown).status === 404) {
          this.#end(id, timer);
          this.#onGone(id);
          return;
        }
      } finally {
        clearTimeout(silence);
      }
      if (done || followed.abort.signal.aborted) break;
      if (!again.signal.aborted) {
        this.lost.set(id, true);
        await pause(wait, followed);
        wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      }
    }
    this.#end(id, timer);
    if (done) this.#onDone(done);
  }

  #end(id: string, timer: ReturnType<typeof setTimeout> | undefined): void {
    clearTimeout(timer);
    this.#followed.delete(id);
    this.texts.delete(id);
    this.lost.delete(id);
  }
}

function pause(ms: number, followed: Followed): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const now = () => {
      clearTimeout(timer);
      resolve();
    };
    followed.again.signal.addEventListener('abort', now, { once: true });
  });
}
