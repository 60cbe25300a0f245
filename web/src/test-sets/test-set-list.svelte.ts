// Every test set of this person, by name, as new as the events make them.

import { toApiError, type ApiError } from '$/api/error';
import { testSets } from '$/api/test-sets';
import { whenResumed } from '$/live/sessions.svelte';
import { liveTestSets } from '$/live/test-sets.svelte';

export class TestSetList {
  #ids = $state.raw<readonly string[]>([]);
  #abort = new AbortController();

  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);

  readonly items = $derived(
    this.#ids
      .map((id) => liveTestSets.get(id))
      .filter((set) => set !== undefined)
      .toSorted((a, b) => a.name.localeCompare(b.name)),
  );

  /** Reads and follows; returns the function that ends it. */
  start(): () => void {
    void this.show();
    const stops = [
      liveTestSets.listen((change) => {
        if (change.kind === 'appeared' && !this.#ids.includes(change.now.id)) this.#ids = [...this.#ids, change.now.id];
      }),
      whenResumed(() => void this.show()),
    ];
    return () => {
      for (const stop of stops) stop();
      this.#abort.abort();
    };
  }

  async show(): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    if (this.state === 'failed') this.state = 'loading';
    try {
      const { items } = await testSets.list(signal);
      if (signal.aborted) return;
      liveTestSets.hold(items);
      this.#ids = items.map(({ id }) => id);
      this.error = null;
      this.state = 'ready';
    } catch (thrown) {
      if (signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = 'failed';
    }
  }
}
