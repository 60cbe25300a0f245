// What the server says of itself: quotas, memory, limits. Read when first wanted and again when sessions come or go.

import { system as api } from '$/api/system';
import type { System } from '$/api/types';
import { liveSessions, whenResumed } from './sessions.svelte';

let current = $state.raw<System | null>(null);
let gathered: ReturnType<typeof setTimeout> | undefined;

async function read(): Promise<void> {
  try {
    current = await api.load();
  } catch {
    // What hangs on it is not drawn; the page's own requests say what is wrong.
  }
}

export const system = {
  /** Null until it was read. */
  get current(): System | null {
    return current;
  },
  reload: read,
};

/** Keeps it fresh until the returned function is called. */
export function startSystem(): () => void {
  const soon = () => {
    gathered ??= setTimeout(() => {
      gathered = undefined;
      void read();
    }, 400);
  };
  const stops = [
    whenResumed(soon),
    liveSessions.listen((change) => {
      if (change.kind !== 'changed' || change.before?.phase !== change.now.phase) soon();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
