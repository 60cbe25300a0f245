// Every session that this page has seen, and the event stream that all live things are told by.

import type { Task } from '$/api/tasks';
import type { TestSet } from '$/api/test-sets';
import type { Session } from '$/api/types';
import { noteStreamState } from './connection.svelte';
import { shareEvents } from './shared-stream';
import { liveTasks } from './tasks.svelte';
import { liveTestSets } from './test-sets.svelte';
import { LiveThings, type Change } from './things';

export type SessionChange = Change<Session>;

export const liveSessions = new LiveThings<Session>();

const resumed = new Set<() => void>();

/** Calls when the stream is live (again): what was read before may be old. Returns the function that ends it. */
export function whenResumed(listener: () => void): () => void {
  resumed.add(listener);
  return () => resumed.delete(listener);
}

function forgetSession(id: string): void {
  liveSessions.remove(id);
  // Its tasks went with it.
  for (const task of [...liveTasks.all()]) if (task.session_id === id) liveTasks.remove(task.id);
}

/** What each event does with its data. */
const told: Record<string, (data: unknown) => void> = {
  session: (data) => liveSessions.put(data as Session),
  session_deleted: (data) => forgetSession((data as { id: string }).id),
  task: (data) => liveTasks.put(data as Task),
  task_deleted: (data) => liveTasks.remove((data as { id: string }).id),
  test_set: (data) => liveTestSets.put(data as TestSet),
  test_set_deleted: (data) => liveTestSets.remove((data as { id: string }).id),
};

/** Follows the server's events until the returned function is called. */
export function startLiveSessions(): () => void {
  return shareEvents({
    onEvent: ({ event, data }) => told[event]?.(JSON.parse(data)),
    onState(state) {
      noteStreamState(state);
      // After the first opening too: a list may have been read before the stream was there.
      if (state === 'live') for (const listener of resumed) listener();
    },
  });
}
