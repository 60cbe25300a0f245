// What can be done with a session, and why not where it cannot. Pure; the dialogs do it.

import type { Session } from '$/api/types';
import { plural } from '$/format/number';

/** Null where it can be stopped. */
export function stopRefusal(session: Session): string | null {
  if (session.stopping) return 'It is stopping already';
  return isEnded(session) ? 'It has ended already' : null;
}

/** Null where its limits can be moved. */
export function extendRefusal(session: Session): string | null {
  if (isEnded(session)) return 'It has ended; make a new session like it';
  if (session.stopping) return 'It is stopping already';
  return session.status === 'running' ? null : 'Only a running session has time to extend';
}

/** Null where it has an endpoint. */
export function endpointRefusal(session: Session): string | null {
  if (session.status === 'running' && !session.stopping) return null;
  if (session.status === 'initializing') return 'It has one once it is Running';
  return session.stopping ? 'It is stopping' : 'Only a running session has one';
}

export function isEnded(session: Pick<Session, 'status'>): boolean {
  return session.status === 'stopped' || session.status === 'failed';
}

/** The address of the form, filled in like this session. `changes` replace values of it. */
export function likeThisPath(session: Session, changes: { contextLength?: number } = {}): string {
  const query = new URLSearchParams({ like: session.id });
  if (changes.contextLength) query.set('context_length', String(changes.contextLength));
  return `/new?${query}`;
}

/** What a dialog about these sessions is about: the one by its name, several by their number. */
export function subjectOf(sessions: readonly Session[]): string {
  return sessions.length === 1 ? sessions[0]!.name : plural(sessions.length, 'session');
}
