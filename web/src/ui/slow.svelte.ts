// Whether something has been waited for long enough to say so.

/** A skeleton before this would only flicker. */
const AFTER_MS = 150;

export interface Slow {
  readonly isSlow: boolean;
}

/** Call while a component initialises: true once `isWaiting` has been true for 150 ms, until it is not any more. */
export function slow(isWaiting: () => boolean): Slow {
  let isSlow = $state(false);
  $effect(() => {
    if (!isWaiting()) return;
    const timer = setTimeout(() => (isSlow = true), AFTER_MS);
    return () => {
      clearTimeout(timer);
      isSlow = false;
    };
  });
  return {
    get isSlow() {
      return isSlow;
    },
  };
}
