// A filtered list of sessions that follows the events: rows change in place; rows that come or go wait while a person's
// pointer or focus is in the list, so that nothing moves under it.

import { sessions as api, type SessionFilter } from '$/api/sessions';
import { toApiError, type ApiError } from '$/api/error';
import type { StatusCounts } from '$/api/types';
import { liveSessions, whenResumed, type SessionChange } from './sessions.svelte';

const PAGE = 100;
/** Events come in bursts; what needs the server is asked for once per burst. */
const GATHER_MS = 400;

export class SessionList {
  #filter: SessionFilter = {};
  #ids = $state.raw<readonly string[]>([]);
  #cursor: string | null = null;
  #abort = new AbortController();
  #gathered: ReturnType<typeof setTimeout> | undefined;
  #isHeld = false;
  /** What the list will be once it is not held any more. */
  #next: readonly string[] | null = null;

  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);
  hasMore = $state(false);
  counts = $state.raw<StatusCounts | null>(null);
  /** Rows that wait to appear. */
  waiting = $state(0);

  readonly items = $derived(this.#ids.map((id) => liveSessions.get(id)).filter((session) => session !== undefined));

  /** Starts following; returns the function that ends it. */
  start(): () => void {
    const stops = [liveSessions.listen((change) => this.#follow(change)), whenResumed(() => this.#gather())];
    return () => {
      for (const stop of stops) stop();
      clearTimeout(this.#gathered);
      this.#abort.abort();
    };
  }

  /** Reads the first page of another filter. */
  async show(filter: SessionFilter): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#filter = filter;
    this.state = 'loading';
    this.#next = null;
    this.waiting = 0;
    await this.#read(null);
  }

  async reload(): Promise<void> {
    await this.#read(null);
  }

  async loadMore(): Promise<void> {
    if (!this.hasMore || this.isLoadingMore || this.state !== 'ready') return;
    this.isLoadingMore = true;
    await this.#read(this.#cursor);
    this.isLoadingMore = false;
  }

  /** While held, rows neither come nor go. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (isHeld) return;
    if (this.#next) this.#ids = this.#next;
    this.#next = null;
    this.waiting = 0;
  }

  async #read(cursor: string | null): Promise<void> {
    const abort = this.#abort;
    try {
      const page = await api.list(this.#filter, { limit: PAGE, cursor }, abort.signal);
      if (abort.signal.aborted) return;
      liveSessions.hold(page.items);
      const ids = page.items.map((session) => session.id).filter((id) => !liveSessions.isDeleted(id));
      if (cursor) {
        this.#ids = [...new Set([...this.#ids, ...ids])];
        if (this.#next) this.#next = [...new Set([...this.#next, ...ids])];
      } else if (this.state === 'ready') {
        this.#arrange(this.#withTail(ids, page.next_cursor ?? null));
      } else {
        this.#ids = ids;
      }
      // A first page that is read again says nothing of where the last page ended, unless it is the last itself.
      if (cursor || this.state !== 'ready' || !page.next_cursor) this.#cursor = page.next_cursor ?? null;
      this.hasMore = this.#cursor !== null;
      this.counts = page.counts ?? this.counts;
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = 'failed';
    }
  }

  /** A new first page before what older pages brought: ids sort by creation, newest first. */
  #withTail(first: readonly string[], next: string | null): readonly string[] {
    const last = first.at(-1);
    if (!next || !last) return first;
    return [...first, ...this.#ids.filter((id) => id < last)];
  }

  #arrange(ids: readonly string[]): void {
    if (!this.#isHeld) {
      this.#ids = ids;
      this.#next = null;
      this.waiting = 0;
      return;
    }
    const shown = new Set(this.#ids);
    this.#next = ids;
    this.waiting = ids.filter((id) => !shown.has(id)).length;
  }

  #follow(change: SessionChange): void {
    if (change.kind === 'changed') {
      if (change.before?.status === change.now.status) return;
    } else if (change.kind === 'deleted') {
      // Its row is gone from `items` already; held or not, there is nothing left to point at.
      this.#ids = this.#ids.filter((id) => id !== change.id);
      if (this.#next) this.#next = this.#next.filter((id) => id !== change.id);
    } else if (!this.#filter.q && !this.#filter.status) {
      const present = this.#next ?? this.#ids;
      const { id } = change.now;
      // Older than what is loaded: it will come with its page.
      const belongs = !present.includes(id) && (!this.hasMore || id > (present.at(-1) ?? ''));
      if (belongs) this.#arrange([...present, id].sort().reverse());
    }
    this.#gather();
  }

  /** Asks the server soon: for counts, and for rows that a filter lets in or out. */
  #gather(): void {
    this.#gathered ??= setTimeout(() => {
      this.#gathered = undefined;
      if (this.state !== 'loading') void this.#read(null);
    }, GATHER_MS);
  }
}
