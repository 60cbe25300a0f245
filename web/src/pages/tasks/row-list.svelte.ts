// The rows of a task in the order of its input, read page by page. While the task runs, the pages that hold rows to come are
// read again now and then; what stands in them does not move.

import { toApiError, type ApiError } from '$/api/error';
import { tasks as api, type RowFilter, type TaskRow } from '$/api/tasks';

const PAGE = 100;
/** Pages read again at a time: rows end in their order, more or less. */
const RENEWED = 2;
/** Events come for each row; the server is asked once in this time. */
const GATHER_MS = 1_200;

interface RowPage {
  cursor: string | null;
  items: readonly TaskRow[];
}

export class RowList {
  readonly #task: string;
  #filter: RowFilter = {};
  #pages = $state.raw<readonly RowPage[]>([]);
  #next: string | null = null;
  #abort = new AbortController();
  #gathered: ReturnType<typeof setTimeout> | undefined;

  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);

  readonly items = $derived(this.#pages.flatMap((page) => page.items));

  constructor(task: string) {
    this.#task = task;
  }

  /** Reads the first page of another filter; what is shown stays until it is there. */
  async show(filter: RowFilter = this.#filter): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#filter = filter;
    this.state = 'loading';
    const page = await this.#read(null);
    if (page) this.#pages = [page];
  }

  async loadMore(): Promise<void> {
    if (!this.#next || this.isLoadingMore || this.state !== 'ready' || this.error) return;
    this.isLoadingMore = true;
    const page = await this.#read(this.#next);
    if (page) this.#pages = [...this.#pages, page];
    this.isLoadingMore = false;
  }

  /** Asks the server soon for what has become of the rows. */
  refresh(): void {
    this.#gathered ??= setTimeout(() => {
      this.#gathered = undefined;
      if (this.state === 'ready') void this.#renew();
    }, GATHER_MS);
  }

  stop(): void {
    clearTimeout(this.#gathered);
    this.#abort.abort();
  }

  async #renew(): Promise<void> {
    const { signal } = this.#abort;
    const last = this.#pages.length - 1;
    const isOpen = (page: RowPage, place: number) =>
      page.items.some((row) => row.state === 'pending') ||
      // A filter lets in what was of another state before.
      (this.#filter.state && place === last && page.items.length < PAGE);
    const wanted = this.#pages.filter(isOpen).slice(0, RENEWED);
    for (const page of wanted) {
      const isLast = page === this.#pages.at(-1);
      const next = this.#next;
      const renewed = await this.#read(page.cursor);
      if (signal.aborted || !renewed) return;
      if (!isLast) this.#next = next;
      this.#pages = this.#pages.map((other) => (other === page ? renewed : other));
    }
  }

  async #read(cursor: string | null): Promise<RowPage | null> {
    const { signal } = this.#abort;
    try {
      const page = await api.rows(this.#task, this.#filter, { limit: PAGE, cursor }, signal);
      if (signal.aborted) return null;
      this.#next = page.next_cursor ?? null;
      this.error = null;
      this.state = 'ready';
      return { cursor, items: page.items };
    } catch (thrown) {
      if (signal.aborted) return null;
      this.error = toApiError(thrown);
      this.state = this.#pages.length > 0 ? 'ready' : 'failed';
      return null;
    }
  }
}
