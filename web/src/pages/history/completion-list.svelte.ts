// The history of a session as a list that follows what happens: new completions come on top, those being written grow,
// those deleted elsewhere go. New ones wait while a person points at the list or reads in it.

import { completions as api, type CompletionFilter } from '$/api/completions';
import { toApiError, type ApiError } from '$/api/error';
import type { Completion } from '$/api/types';

const PAGE = 50;
/** Events come in bursts; the server is asked once per burst. */
const GATHER_MS = 400;

export class CompletionList {
  readonly #session: string;
  #filter: CompletionFilter = {};
  #cursor: string | null = null;
  #abort = new AbortController();
  #gathered: ReturnType<typeof setTimeout> | undefined;
  #isHeld = false;
  /** Newer than what is shown, while held. */
  #held: readonly Completion[] = [];

  items = $state.raw<readonly Completion[]>([]);
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  isLoadingMore = $state(false);
  hasMore = $state(false);
  /** New ones that wait to appear. */
  waiting = $state(0);
  /** What appeared on top after the first look, to be marked for a moment. */
  fresh = $state.raw<ReadonlySet<string>>(new Set());

  constructor(session: string) {
    this.#session = session;
  }

  get isWriting(): boolean {
    return this.items.some((item) => item.status === 'running');
  }

  /** Reads the first page of another filter. */
  async show(filter: CompletionFilter): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#filter = filter;
    this.state = 'loading';
    this.#held = [];
    this.waiting = 0;
    this.fresh = new Set();
    await this.#read(null);
  }

  async loadMore(): Promise<void> {
    if (!this.hasMore || this.isLoadingMore || this.state !== 'ready' || this.error) return;
    this.isLoadingMore = true;
    await this.#read(this.#cursor);
    this.isLoadingMore = false;
  }

  /** Asks the server soon for what is new. */
  refresh(): void {
    this.#gathered ??= setTimeout(() => {
      this.#gathered = undefined;
      if (this.state !== 'loading') void this.#read(null);
    }, GATHER_MS);
  }

  async reload(): Promise<void> {
    if (this.state === 'failed') this.state = 'loading';
    await this.#read(null);
  }

  stop(): void {
    clearTimeout(this.#gathered);
    this.#abort.abort();
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) this.release();
  }

  /** Shows what waits, now. */
  release(): void {
    if (this.#held.length === 0) return;
    this.#arrive(this.#held);
    this.#held = [];
    this.waiting = 0;
  }

  /** Puts in what an action answered. */
  replace(completion: Completion): void {
    this.items = this.items.map((item) => (item.id === completion.id ? completion : item));
  }

  remove(id: string): void {
    this.items = this.items.filter((item) => item.id !== id);
  }

  async #read(cursor: string | null): Promise<void> {
    const abort = this.#abort;
    try {
      const page = await api.list(this.#session, this.#filter, { limit: PAGE, cursor }, abort.signal);
      if (abort.signal.aborted) return;
      const next = page.next_cursor ?? null;
      if (cursor) {
        const known = new Set(this.items.map((item) => item.id));
        this.items = [...this.items, ...page.items.filter((item) => !known.has(item.id))];
        this.#cursor = next;
      } else if (this.state === 'ready') {
        this.#renew(page.items, next);
      } else {
        this.items = page.items;
        this.#cursor = next;
      }
      this.hasMore = this.#cursor !== null;
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (abort.signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = 'failed';
    }
  }

  /** A first page read again: it says all of what is newer than its last row, and nothing of what is older. */
  #renew(page: readonly Completion[], next: string | null): void {
    const byId = new Map(page.map((item) => [item.id, item]));
    const last = next === null ? '' : (page.at(-1)?.id ?? '');
    const newest = this.items[0]?.id ?? '';
    const kept = this.items.flatMap((item) => {
      const renewed = byId.get(item.id);
      if (renewed) return [renewed];
      return item.id < last ? [item] : [];
    });
    this.items = kept;
    if (next === null) this.#cursor = null;
    else if (kept.length === 0) this.#cursor = next;
    // Ids sort by creation.
    const arrived = page.filter((item) => item.id > newest);
    // More than a page came at once: between it and what is shown would be a hole.
    if (arrived.length === page.length && next !== null && kept.length > 0) {
      this.items = [];
      this.#cursor = next;
    }
    if (this.#isHeld && this.items.length > 0) {
      this.#held = arrived;
      this.waiting = arrived.length;
    } else {
      this.#held = [];
      this.waiting = 0;
      this.#arrive(arrived);
    }
  }

  #arrive(arrived: readonly Completion[]): void {
    if (arrived.length === 0) return;
    this.items = [...arrived, ...this.items];
    this.fresh = new Set(arrived.map((item) => item.id));
  }
}
