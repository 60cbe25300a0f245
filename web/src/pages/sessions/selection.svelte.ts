// Which sessions are selected, by id; what is not in the list any more is not selected either.

import { SvelteSet } from 'svelte/reactivity';
import type { Session } from '$/api/types';

export class Selection {
  #ids = new SvelteSet<string>();
  #items: () => readonly Session[];
  #last: string | null = null;

  constructor(items: () => readonly Session[]) {
    this.#items = items;
  }

  readonly sessions = $derived.by(() => (this.#ids.size === 0 ? [] : this.#items().filter((session) => this.#ids.has(session.id))));

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  get isAll(): boolean {
    return this.sessions.length > 0 && this.sessions.length === this.#items().length;
  }

  /** With `isRange`, everything from the last one that was touched. */
  toggle(id: string, isRange: boolean): void {
    const isAdding = !this.#ids.has(id);
    const ids = this.#items().map((session) => session.id);
    const [from, to] = [this.#last ? ids.indexOf(this.#last) : -1, ids.indexOf(id)];
    const touched = isRange && from >= 0 ? ids.slice(Math.min(from, to), Math.max(from, to) + 1) : [id];
    for (const one of touched) {
      if (isAdding) this.#ids.add(one);
      else this.#ids.delete(one);
    }
    this.#last = id;
  }

  toggleAll(): void {
    if (this.isAll) this.#ids.clear();
    else for (const session of this.#items()) this.#ids.add(session.id);
  }

  clear(): void {
    this.#ids.clear();
    this.#last = null;
  }
}
