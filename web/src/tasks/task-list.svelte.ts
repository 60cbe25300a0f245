// The tasks of a session, or of all, newest first, as new as the events make them.

import { Pages, joinById } from '$/api/pages.svelte';
import { tasks as api, type Task } from '$/api/tasks';
import { whenResumed } from '$/live/sessions.svelte';
import { liveTasks } from '$/live/tasks.svelte';

const PAGE = 100;

export class TaskList extends Pages<Task> {
  readonly #session: string | null;
  protected override join = joinById<Task>;

  /** What was read, as the events have it; without what is deleted. */
  readonly live = $derived(this.items.flatMap(({ id }) => liveTasks.get(id) ?? []));

  constructor(session: string | null) {
    super();
    this.#session = session;
  }

  /** Reads the first page and follows; returns the function that ends it. */
  start(): () => void {
    void this.show();
    const stops = [
      liveTasks.listen((change) => {
        if (change.kind !== 'appeared' || (this.#session !== null && change.now.session_id !== this.#session)) return;
        const { id } = change.now;
        // Ids sort by creation. Older than what is loaded: it will come with its page.
        const belongs = !this.items.some((item) => item.id === id) && (!this.hasMore || id > (this.items.at(-1)?.id ?? ''));
        if (belongs) this.items = [...this.items, change.now].toSorted((a, b) => (a.id < b.id ? 1 : -1));
      }),
      // What happened while the stream was away may have been missed.
      whenResumed(() => void this.show()),
    ];
    return () => {
      for (const stop of stops) stop();
      this.stop();
    };
  }

  protected override async read(cursor: string | null, signal: AbortSignal) {
    const page = this.#session
      ? await api.list(this.#session, { limit: PAGE, cursor }, signal)
      : await api.listAll({ limit: PAGE, cursor }, signal);
    if (!signal.aborted) liveTasks.hold(page.items);
    return page;
  }
}
