// The rows of compared tasks, read page by page.

import { toApiError, type ApiError } from '$/api/error';
import { comparisons, type ComparedFilter, type ComparedRow } from '$/api/comparisons';

const PAGE = 100;

export class ComparedList {
  readonly #tasks: readonly string[];
  #filter: ComparedFilter = {};
  #next: string | null = null;
  #abort = new AbortController();

  items = $state.raw<readonly ComparedRow[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);
  hasMore = $state(false);

  constructor(tasks: readonly string[]) {
    this.#tasks = tasks;
  }

  async show(filter: ComparedFilter = this.#filter): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#filter = filter;
    this.state = 'loading';
    await this.#read(null);
  }

  async loadMore(): Promise<void> {
    if (!this.#next || this.isLoadingMore || this.state !== 'ready' || this.error) return;
    this.isLoadingMore = true;
    await this.#read(this.#next);
    this.isLoadingMore = false;
  }

  /** Every row that the filter lets in. */
  async all(): Promise<readonly ComparedRow[]> {
    while (this.#next && !this.error) {
      const page = await comparisons.rows(this.#tasks, this.#filter, { limit: 200, cursor: this.#next }, this.#abort.signal);
      this.#take(page.items, page.next_cursor ?? null, 'more');
    }
    return this.items;
  }

  stop(): void {
    this.#abort.abort();
  }

  #take(items: readonly ComparedRow[], next: string | null, as: 'first' | 'more'): void {
    this.items = as === 'more' ? [...this.items, ...items] : items;
    this.#next = next;
    this.hasMore = next !== null;
  }

  async #read(cursor: string | null): Promise<void> {
    const { signal } = this.#abort;
    try {
      const page = await comparisons.rows(this.#tasks, this.#filter, { limit: PAGE, cursor }, signal);
      if (signal.aborted) return;
      this.#take(page.items, page.next_cursor ?? null, cursor ? 'more' : 'first');
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (signal.aborted) return;
      this.error = toApiError(thrown);
      this.state = this.items.length > 0 ? 'ready' : 'failed';
    }
  }
}
