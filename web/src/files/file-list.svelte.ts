// The files of a session, the one written last first, read page by page, with what they may take.

import { toApiError, type ApiError } from '$/api/error';
import { files, type FileStorage, type SessionFile } from '$/api/files';

const PAGE = 100;

export class FileList {
  readonly #session: string;
  #cursor: string | null = null;
  #abort = new AbortController();

  items = $state.raw<readonly SessionFile[]>([]);
  storage = $state.raw<FileStorage | null>(null);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);

  constructor(session: string) {
    this.#session = session;
  }

  /** Reads the first page; what is shown stays until it is there. */
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

  remove(path: string): void {
    this.items = this.items.filter((item) => item.path !== path);
    void this.show();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #read(cursor: string | null): Promise<void> {
    const { signal } = this.#abort;
    try {
      const page = await files.list(this.#session, { limit: PAGE, cursor }, signal);
      if (signal.aborted) return;
      const known = new Set(cursor ? this.items.map((item) => item.id) : []);
      this.items = cursor ? [...this.items, ...page.items.filter((item) => !known.has(item.id))] : page.items;
      this.#cursor = page.next_cursor ?? null;
      this.storage = page.storage;
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = 'failed';
    }
  }
}
