// What this page has seen of one kind of thing, by id, as new as the event stream makes it.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';

/** Something that the events tell of; of two, the one with the later change is newer. */
export interface Thing {
  id: string;
  change: number;
}

export type Change<T> = { kind: 'appeared' | 'changed'; now: T; before: T | undefined } | { kind: 'deleted'; id: string };

export class LiveThings<T extends Thing> {
  readonly #byId = new SvelteMap<string, T>();
  readonly #deleted = new SvelteSet<string>();
  readonly #listeners = new Set<(change: Change<T>) => void>();

  get = (id: string): T | undefined => this.#byId.get(id);
  isDeleted = (id: string): boolean => this.#deleted.has(id);
  all = (): Iterable<T> => this.#byId.values();

  /** Keeps what a call answered or an event told; lists hear of it. */
  put = (now: T): void => {
    if (this.#isOutdated(now)) return;
    const before = this.#byId.get(now.id);
    this.#byId.set(now.id, now);
    this.#announce({ kind: before ? 'changed' : 'appeared', now, before });
  };

  /** Keeps what a list read, without announcing it. */
  hold = (things: readonly T[]): void => {
    for (const thing of things) if (!this.#isOutdated(thing)) this.#byId.set(thing.id, thing);
  };

  remove = (id: string): void => {
    if (this.#deleted.has(id)) return;
    this.#deleted.add(id);
    this.#byId.delete(id);
    this.#announce({ kind: 'deleted', id });
  };

  /** Returns the function that ends it. */
  listen = (listener: (change: Change<T>) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Answers overtake one another: what a call brings may be older than what the stream has told since. */
  #isOutdated(thing: T): boolean {
    return this.#deleted.has(thing.id) || thing.change < (this.#byId.get(thing.id)?.change ?? 0);
  }

  #announce(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}
