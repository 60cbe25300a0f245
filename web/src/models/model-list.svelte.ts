// A searched list of models, read page by page.

import { toApiError, type ApiError } from '$/api/error';
import { models, type ModelFilter } from '$/api/models';
import type { Model } from '$/api/types';

const PAGE = 50;

export class ModelList {
  items = $state.raw<readonly Model[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);
  hasMore = $state(false);
  #cursor: string | null = null;
  #abort = new AbortController();
  #filter: ModelFilter = {};

  /** Reads the first page; what is shown stays until it is there. */
  async show(filter: ModelFilter = this.#filter): Promise<void> {
    this.#abort.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.#filter = filter;
    this.state = 'loading';
    try {
      const page = await models.list(filter, { limit: PAGE }, abort.signal);
      if (abort.signal.aborted) return;
      this.items = page.items;
      this.#follow(page.next_cursor);
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.error = toApiError(thrown);
      this.state = this.items.length > 0 ? 'ready' : 'failed';
    }
  }

  async loadMore(): Promise<void> {
    if (!this.#cursor || this.isLoadingMore || this.state !== 'ready') return;
    const { signal } = this.#abort;
    this.isLoadingMore = true;
    try {
      const page = await models.list(this.#filter, { limit: PAGE, cursor: this.#cursor }, signal);
      if (signal.aborted) return;
      this.items = [...this.items, ...page.items];
      this.#follow(page.next_cursor);
    } catch (thrown) {
      if (!signal.aborted) this.error = toApiError(thrown);
    } finally {
      this.isLoadingMore = false;
    }
  }

  #follow(cursor: string | null | undefined): void {
    this.#cursor = cursor ?? null;
    this.hasMore = this.#cursor !== null;
  }

  stop(): void {
    this.#abort.abort();
  }
}
