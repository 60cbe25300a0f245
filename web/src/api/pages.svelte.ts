// A list that is read page by page.

import { toApiError, type ApiError } from './error';
import type { Page } from './types';

export abstract class Pages<T> {
  #cursor: string | null = null;
  #abort = new AbortController();

  items = $state.raw<readonly T[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);
  hasMore = $state(false);

  /** One page, from the first one on where `cursor` is null. */
  protected abstract read(cursor: string | null, signal: AbortSignal): Promise<Page<T>>;

  /** Reads the first page again; what is shown stays until it is there. */
  async show(): Promise<void> {
    this.stop();
    this.#abort = new AbortController();
    if (this.state === 'failed') this.state = 'loading';
    await this.#take(null);
  }

  async loadMore(): Promise<void> {
    if (!this.#cursor || this.isLoadingMore || this.state !== 'ready' || this.error) return;
    this.isLoadingMore = true;
    await this.#take(this.#cursor);
    this.isLoadingMore = false;
  }

  /** Everything that there is, up to an error. */
  async all(): Promise<readonly T[]> {
    while (this.#cursor && !this.error) await this.#take(this.#cursor);
    return this.items;
  }

  stop(): void {
    this.#abort.abort();
  }

  /** What is shown once a page has come after what was there before it. */
  protected join(items: readonly T[], before: readonly T[]): readonly T[] {
    return [...before, ...items];
  }

  async #take(cursor: string | null): Promise<void> {
    const { signal } = this.#abort;
    try {
      const page = await this.read(cursor, signal);
      if (signal.aborted) return;
      this.items = this.join(page.items, cursor ? this.items : []);
      this.#cursor = page.next_cursor ?? null;
      this.hasMore = this.#cursor !== null;
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = this.items.length > 0 ? 'ready' : 'failed';
    }
  }
}

type List<T, Filter> = (filter: Filter, page: { limit: number; cursor: string | null }, signal: AbortSignal) => Promise<Page<T>>;

/** A list that is read by a filter. */
export class FilteredPages<T, Filter extends object> extends Pages<T> {
  #filter = {} as Filter;
  readonly #list: List<T, Filter>;
  readonly #limit: number;

  /** `limit`: the items of a page, up to 200. */
  constructor(list: List<T, Filter>, limit: number) {
    super();
    this.#list = list;
    this.#limit = limit;
  }

  override async show(filter: Filter = this.#filter): Promise<void> {
    this.#filter = filter;
    this.state = 'loading';
    await super.show();
  }

  protected override read(cursor: string | null, signal: AbortSignal) {
    return this.#list(this.#filter, { limit: this.#limit, cursor }, signal);
  }
}

/** For `join`: without those that are there already. */
export function joinById<T extends { id: string }>(items: readonly T[], before: readonly T[]): readonly T[] {
  const known = new Set(before.map(({ id }) => id));
  return [...before, ...items.filter(({ id }) => !known.has(id))];
}
