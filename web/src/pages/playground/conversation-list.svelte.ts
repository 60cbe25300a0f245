// The conversations of a session, newest activity first.

import { completions, type Conversation } from '$/api/completions';
import { toApiError, type ApiError } from '$/api/error';

const PAGE = 100;

export class ConversationList {
  readonly #session: string;
  #abort = new AbortController();
  #cursor: string | null = null;

  items = $state.raw<readonly Conversation[]>([]);
  error = $state.raw<ApiError | null>(null);
  isLoaded = $state(false);
  isLoadingMore = $state(false);
  hasMore = $state(false);

  constructor(session: string) {
    this.#session = session;
  }

  /** Reads the first page again; what older pages brought stays behind it. */
  async reload(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const page = await completions.conversations(this.#session, { limit: PAGE }, signal);
      if (signal.aborted) return;
      const fresh = new Set(page.items.map(({ id }) => id));
      const isFirst = !this.isLoaded || !page.next_cursor;
      this.items = isFirst ? page.items : [...page.items, ...this.items.filter(({ id }) => !fresh.has(id))];
      if (isFirst) this.#cursor = page.next_cursor ?? null;
      this.hasMore = this.#cursor !== null;
      this.error = null;
      this.isLoaded = true;
    } catch (thrown) {
      if (!signal.aborted) this.error = toApiError(thrown);
    }
  }

  async more(): Promise<void> {
    if (!this.#cursor || this.isLoadingMore) return;
    this.isLoadingMore = true;
    const { signal } = this.#abort;
    try {
      const page = await completions.conversations(this.#session, { limit: PAGE, cursor: this.#cursor }, signal);
      if (signal.aborted) return;
      const known = new Set(this.items.map(({ id }) => id));
      this.items = [...this.items, ...page.items.filter(({ id }) => !known.has(id))];
      this.#cursor = page.next_cursor ?? null;
      this.hasMore = this.#cursor !== null;
      this.error = null;
    } catch (thrown) {
      if (!signal.aborted) this.error = toApiError(thrown);
    } finally {
      this.isLoadingMore = false;
    }
  }

  stop(): void {
    this.#abort.abort();
  }
}
