// The log of a session's runtime, read from its beginning and then followed by asking for what is new.

import { toApiError, type ApiError } from '$/api/error';
import { logs } from '$/api/logs';

/** How often a live session's log is asked for. */
const FOLLOW_MS = 1_000;

export interface LogLine {
  /** From 0. */
  number: number;
  text: string;
}

export class LogReader {
  readonly #session: string;
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next = 0;
  /** The last line's beginning, where its end is not written yet. */
  #open = '';
  #closed: LogLine[] = [];
  #isReading = false;

  lines = $state.raw<readonly LogLine[]>([]);
  error = $state.raw<ApiError | null>(null);
  /** Everything that is there so far has been read. */
  isRead = $state(false);

  constructor(session: string) {
    this.#session = session;
  }

  /** Reads what is there, and goes on while `isLive` says so; returns the function that ends it. */
  start(isLive: () => boolean): () => void {
    const round = async () => {
      await this.#read();
      if (this.#abort.signal.aborted || !isLive()) return;
      this.#timer = setTimeout(round, FOLLOW_MS);
    };
    void round();
    return () => {
      clearTimeout(this.#timer);
      this.#abort.abort();
      this.#abort = new AbortController();
    };
  }

  /** Once: what was written since. */
  async read(): Promise<void> {
    await this.#read();
  }

  get text(): string {
    return this.lines.map((line) => line.text).join('\n');
  }

  async #read(): Promise<void> {
    if (this.#isReading || document.hidden) return;
    this.#isReading = true;
    const { signal } = this.#abort;
    try {
      for (;;) {
        const from = this.#next;
        const part = await logs.read(this.#session, from, signal);
        if (signal.aborted) return;
        if (part.next < from) {
          // A full log loses its middle and is shorter than it was: from the beginning.
          this.#closed = [];
          this.#open = '';
          this.#next = 0;
          continue;
        }
        this.#next = part.next;
        if (part.text) this.#take(part.text);
        if (part.next === from) break;
      }
      this.error = null;
      this.isRead = true;
    } catch (thrown) {
      if (!signal.aborted) this.error = toApiError(thrown);
    } finally {
      this.#isReading = false;
    }
  }

  #take(text: string): void {
    const parts = (this.#open + text).split('\n');
    this.#open = parts.pop() ?? '';
    const first = this.#closed.length;
    this.#closed = this.#closed.concat(parts.map((part, index) => ({ number: first + index, text: part })));
    this.lines = this.#open ? [...this.#closed, { number: this.#closed.length, text: this.#open }] : this.#closed;
  }
}
