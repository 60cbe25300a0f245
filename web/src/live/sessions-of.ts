// The sessions that tasks ran in: their names and models tell tasks apart.

import { sessions } from '$/api/sessions';
import type { Task } from '$/api/tasks';
import { liveSessions } from './sessions.svelte';

const MOST = 40;

/** Reads those that are not known yet, at most 40. One that cannot be read leaves its task without a model's name, no more. */
export async function holdSessionsOf(tasks: readonly Pick<Task, 'session_id'>[], signal?: AbortSignal): Promise<void> {
  const missing = [...new Set(tasks.map((task) => task.session_id))].filter((id) => !liveSessions.get(id)).slice(0, MOST);
  const read = await Promise.allSettled(missing.map((id) => sessions.load(id, signal)));
  liveSessions.hold(read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
}
