// Every session that this page has seen, by id, as new as the event stream makes it.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Task } from '$/api/tasks';
import type { Session } from '$/api/types';
import { noteStreamState } from './connection.svelte';
import { shareEvents } from './shared-stream';
import { liveTasks } from './tasks.svelte';

export type SessionChange =
  | { kind: 'appeared' | 'changed'; session: Session; before: Session | undefined }
  | { kind: 'deleted'; id: string }
  /** The stream is live (again): what was read before may be old. */
  | { kind: 'resumed' };

type Listener = (change: SessionChange) => void;

const byId = new SvelteMap<string, Session>();
const deleted = new SvelteSet<string>();
const listeners = new Set<Listener>();

function announce(change: SessionChange): void {
  for (const listener of listeners) listener(change);
}

/** Answers overtake one another: what a call brings may be older than what the stream has told since. */
const isOutdated = (session: Session) => deleted.has(session.id) || session.change < (byId.get(session.id)?.change ?? 0);

export const liveSessions = {
  get: (id: string): Session | undefined => byId.get(id),
  isDeleted: (id: string): boolean => deleted.has(id),
  all: (): Iterable<Session> => byId.values(),

  /** Keeps what a call answered; a list that a row belongs to hears of it. */
  put(session: Session): void {
    if (isOutdated(session)) return;
    const before = byId.get(session.id);
    byId.set(session.id, session);
    announce({ kind: before ? 'changed' : 'appeared', session, before });
  },

  /** Keeps what a list read, without announcing it. */
  hold(sessions: readonly Session[]): void {
    for (const session of sessions) if (!isOutdated(session)) byId.set(session.id, session);
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

/** Follows the server's events until the returned function is called. */
export function startLiveSessions(): () => void {
  return shareEvents({
    onEvent({ event, data }) {
      if (event === 'session') liveSessions.put(JSON.parse(data) as Session);
      else if (event === 'session_deleted') liveSessions.remove((JSON.parse(data) as { id: string }).id);
      else if (event === 'task') liveTasks.put(JSON.parse(data) as Task);
    },
    onState(state) {
      noteStreamState(state);
      // After the first opening too: a list may have been read before the stream was there.
      if (state === 'live') announce({ kind: 'resumed' });
    },
  });
}
