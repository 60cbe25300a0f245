// The server's time, ticking. Countdowns read this, not the browser's clock, which may be minutes off.

import { createSubscriber } from 'svelte/reactivity';

/** Milliseconds to add to the browser's clock. */
let offset = 0;

/** The `Date` header has whole seconds: a difference below this is its rounding and the way here. */
const TOLERANCE_MS = 2_000;

/** Learns from an answer's `Date` header how far the browser's clock is off. */
export function noteServerTime(date: string | null): void {
  const server = date ? Date.parse(date) : NaN;
  if (Number.isNaN(server)) return;
  const difference = server + 500 - Date.now();
  offset = Math.abs(difference) > TOLERANCE_MS ? difference : 0;
}

/** Now on the server, in milliseconds since 1970; not reactive. */
export function serverNow(): number {
  return Date.now() + offset;
}

const tick = createSubscriber((update) => {
  let timer: ReturnType<typeof setTimeout>;
  // Right after each full second, so that every countdown on the page changes at once.
  const schedule = () => {
    timer = setTimeout(
      () => {
        update();
        schedule();
      },
      1_000 - (serverNow() % 1_000) + 5,
    );
  };
  schedule();
  return () => clearTimeout(timer);
});

/** Now on the server, in milliseconds since 1970; what reads it in an effect or a template runs again each second. */
export function now(): number {
  tick();
  return serverNow();
}
