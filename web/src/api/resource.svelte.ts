// What a page loads, and what a person sets off, with the states that must be drawn.

import { toApiError, type ApiError } from './error';

/** A skeleton before this would only flicker. */
const SKELETON_AFTER_MS = 150;

export interface Resource<T> {
  /** The last good answer; kept while a newer one is on its way and when that fails. */
  readonly value: T | undefined;
  readonly error: ApiError | null;
  readonly isLoading: boolean;
  /** Nothing to show yet and waiting for longer than 150 ms: draw the skeleton. */
  readonly isSlow: boolean;
  reload(): void;
  /** Puts in what an action answered, or an event brought. */
  set(value: T): void;
}

/**
 * Loads when the component mounts and again whenever what `load` reads reactively (before its first `await`) changes.
 * What it read for another key is dropped: give `key` where `load` depends on one.
 */
export function resource<T>(load: (signal: AbortSignal) => Promise<T>, key: () => unknown = () => null): Resource<T> {
  let value = $state.raw<T | undefined>();
  let error = $state.raw<ApiError | null>(null);
  let isLoading = $state(true);
  let isSlow = $state(false);
  let round = $state(0);
  let lastKey: unknown;

  $effect(() => {
    void round;
    const present = key();
    if (present !== lastKey) {
      lastKey = present;
      value = undefined;
      error = null;
    }
    const abort = new AbortController();
    isLoading = true;
    const timer = setTimeout(() => (isSlow = value === undefined), SKELETON_AFTER_MS);
    load(abort.signal)
      .then((answer) => {
        if (abort.signal.aborted) return;
        value = answer;
        error = null;
      })
      .catch((thrown: unknown) => {
        if (!abort.signal.aborted) error = toApiError(thrown);
      })
      .finally(() => {
        clearTimeout(timer);
        if (abort.signal.aborted) return;
        isLoading = false;
        isSlow = false;
      });
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  });

  return {
    get value() {
      return value;
    },
    get error() {
      return error;
    },
    get isLoading() {
      return isLoading;
    },
    get isSlow() {
      return isSlow;
    },
    reload() {
      round += 1;
    },
    set(next: T) {
      value = next;
      error = null;
    },
  };
}

/** Something a person sets off: runs once at a time, and holds its pending mark and its error. */
export class Action<Args extends unknown[], T> {
  #run: (...args: Args) => Promise<T>;
  isPending = $state(false);
  error = $state.raw<ApiError | null>(null);

  constructor(run: (...args: Args) => Promise<T>) {
    this.#run = run;
  }

  /** The answer, or undefined where it failed (see `error`) or is under way already. */
  run = async (...args: Args): Promise<T | undefined> => {
    if (this.isPending) return undefined;
    this.isPending = true;
    this.error = null;
    try {
      return await this.#run(...args);
    } catch (thrown) {
      this.error = toApiError(thrown);
      return undefined;
    } finally {
      this.isPending = false;
    }
  };

  clear(): void {
    this.error = null;
  }
}
