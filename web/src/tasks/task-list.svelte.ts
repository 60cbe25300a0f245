// The tasks of a session, or of all, newest first: read page by page, as new as the events make them.

import { toApiError, type ApiError } from '$/api/error';
import { tasks as api } from '$/api/tasks';
import { liveSessions } from '$/live/sessions.svelte';
import { liveTasks } from '$/live/tasks.svelte';

const PAGE = 100;

export class TaskList {
  readonly #session: string | null;
  #ids = $state.raw<readonly string[]>([]);
  #cursor: string | null = null;
  #abort = new AbortController();

  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);
  hasMore = $state(false);

  readonly items = $derived(this.#ids.map((id) => liveTasks.get(id)).filter((task) => task !== undefined));

  constructor(session: string | null) {
    this.#session = session;
  }

  /** Reads the first page and follows; returns the function that ends it. */
  start(): () => void {
    void this.show();
    const stops = [
      liveTasks.listen((change) => {
        if (change.kind !== 'appeared' || (this.#session !== null && change.task.session_id !== this.#session)) return;
        const { id } = change.task;
        // Ids sort by creation. Older than what is loaded: it will come with its page.
        const belongs = !this.#ids.includes(id) && (!this.hasMore || id > (this.#ids.at(-1) ?? ''));
        if (belongs) this.#ids = [...this.#ids, id].sort().reverse();
      }),
      // What happened while the stream was away may have been missed.
      liveSessions.listen((change) => {
        if (change.kind === 'resumed') void this.show();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      this.#abort.abort();
    };
  }

  async show(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    if (this.state === 'failed') this.state = 'loading';
    await this.#read(null);
  }

  async loadMore(): Promise<void> {
    if (!this.#cursor || this.isLoadingMore || this.state !== 'ready' || this.error) return;
    this.isLoadingMore = true;
    await this.#read(this.#cursor);
    this.isLoadingMore = false;
  }

  async #read(cursor: string | null): Promise<void> {
    const { signal } = this.#abort;
    try {
      const page = this.#session
        ? await api.list(this.#session, { limit: PAGE, cursor }, signal)
        : await api.listAll({ limit: PAGE, cursor }, signal);
      if (signal.aborted) return;
      liveTasks.hold(page.items);
      const ids = page.items.map(({ id }) => id);
      this.#ids = cursor ? [...new Set([...this.#ids, ...ids])] : ids;
      this.#cursor = page.next_cursor ?? null;
      this.hasMore = this.#cursor !== null;
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = 'failed';
    }
  }
}
