// Which rows changed their status or name just now.

import { SvelteSet } from 'svelte/reactivity';
import { liveSessions } from '$/live/sessions.svelte';

const SHOWN_MS = 2_000;

/** Call while a component initialises. Usage that counts up is no change to mark. */
export function marks(): ReadonlySet<string> {
  const ids = new SvelteSet<string>();
  const timers = new Set<ReturnType<typeof setTimeout>>();

  $effect(() => {
    const stop = liveSessions.listen((change) => {
      if (change.kind === 'deleted') return;
      const { now: session, before } = change;
      const isMarked = !before || before.status !== session.status || before.name !== session.name || before.stopping !== session.stopping;
      if (!isMarked) return;
      ids.add(session.id);
      const timer = setTimeout(() => {
        ids.delete(session.id);
        timers.delete(timer);
      }, SHOWN_MS);
      timers.add(timer);
    });
    return () => {
      stop();
      timers.forEach(clearTimeout);
    };
  });

  return ids;
}
