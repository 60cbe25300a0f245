// Every task that this page has seen, by id, as new as the event stream makes it.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Task } from '$/api/tasks';

export type TaskChange = { kind: 'appeared' | 'changed'; task: Task } | { kind: 'deleted'; id: string };

type Listener = (change: TaskChange) => void;

const byId = new SvelteMap<string, Task>();
const deleted = new SvelteSet<string>();
const listeners = new Set<Listener>();

function announce(change: TaskChange): void {
  for (const listener of listeners) listener(change);
}

/** Answers overtake one another: what a call brings may be older than what the stream has told since. */
const isOutdated = (task: Task) => deleted.has(task.id) || task.change < (byId.get(task.id)?.change ?? 0);

export const liveTasks = {
  get: (id: string): Task | undefined => byId.get(id),
  isDeleted: (id: string): boolean => deleted.has(id),

  /** Keeps what a call answered or an event told; lists hear of it. */
  put(task: Task): void {
    if (isOutdated(task)) return;
    const kind = byId.has(task.id) ? 'changed' : 'appeared';
    byId.set(task.id, task);
    announce({ kind, task });
  },

  /** Keeps what a list read, without announcing it. */
  hold(tasks: readonly Task[]): void {
    for (const task of tasks) if (!isOutdated(task)) byId.set(task.id, task);
  },

  remove(id: string): void {
    if (deleted.has(id)) return;
    deleted.add(id);
    byId.delete(id);
    announce({ kind: 'deleted', id });
  },

  /** Returns the function that ends it. */
  listen(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
